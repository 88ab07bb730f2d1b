/* SPDX-License-Identifier: MIT */
/* The model that a training goes on from: its head is the library's clone, its classes are found by name, and
 * what the new recipe tells of it stays short. */
#include "ftrain/train/origin.h"

#include "head/mlp.h"
#include "test/support/files.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { FEATURES = 1024, CLASSES = 3 };

static char *folder, path[600];
static dn_weights *weights;
static dn_head *head;

static int set_up(void **state) {
    (void)state;
    const int hidden[] = {6, 5};
    const dn_head_options options = {
        .struct_size = sizeof options, .hidden = hidden, .hidden_count = 2, .seed = 5};
    folder = make_folder();
    snprintf(path, sizeof path, "%s/m.safetensors", folder);
    return dn_weights_random(&weights, dn_config_find("densenet121"), 3, NULL) ||
           dn_head_create(&head, FEATURES, CLASSES, &options, NULL);
}

static int tear_down(void **state) {
    (void)state;
    dn_head_free(head);
    dn_weights_free(weights);
    remove_folder(folder);
    return 0;
}

/* Writes a model of classes c, a, b, in this order. */
static void save_model(const char *recipe) {
    static const char *const names[CLASSES] = {"c", "a", "b"};
    char hash[33];
    dn_error error;
    dn_weights_hash(weights, hash);
    const dn_classifier_info info = {.struct_size = sizeof info,
                                     .backbone = "densenet121",
                                     .weights_source = "mine.pth",
                                     .weights_hash = hash,
                                     .class_count = CLASSES,
                                     .classes = names,
                                     .preprocessing = dn_preprocessing_default(),
                                     .recipe = recipe,
                                     .metrics = "{}"};
    if (dn_classifier_save(path, head, &info, weights, &error)) fail_msg("%s", error.message);
}

static origin open_model(train_options *options) {
    origin of;
    *options = (train_options){.from = path, .dropout = -1.0f};
    assert_int_equal(origin_open(&of, options), OUTCOME_OK);
    return of;
}

/* Matched with these classes, in this order; NULL where they are refused. */
static dn_head *matched(origin *of, const train_options *options, int count, const char *const *names) {
    char *classes[8];
    for (int i = 0; i < count; i++) classes[i] = strdup(names[i]);
    const dni_dataset data = {.classes = classes, .class_count = count};
    const outcome code = origin_match_classes(of, &data, options);
    for (int i = 0; i < count; i++) free(classes[i]);
    assert_true(!code == (of->head != NULL));
    return of->head;
}

static void test_a_training_begins_with_the_librarys_clone(void **state) {
    (void)state;
    static const char *const names[] = {"c", "a", "b"};
    train_options options;
    save_model("{\"dropout\": 0.25}");
    origin of = open_model(&options);
    dn_head *clone, *start;
    const dn_head *loaded = dn_classifier_get_head(of.classifier);
    const dn_head *own = matched(&of, &options, CLASSES, names);
    assert_int_equal(dn_head_clone(&clone, loaded, NULL), DN_OK);
    assert_int_equal(origin_start(&start, own, &options, FEATURES, CLASSES, NULL), DN_OK);
    const size_t size = clone->parameter_count * sizeof(float);
    assert_int_equal(start->parameter_count, clone->parameter_count);
    assert_memory_equal(start->parameters, clone->parameters, size);
    assert_memory_equal(start->parameters, head->parameters, size);
    assert_true(start->is_trained && start->dropout == 0.25f);
    assert_int_equal(options.hidden.count, 2);
    assert_memory_equal(options.hidden.values, ((const int[]){6, 5}), 2 * sizeof(int));
    assert_ptr_equal(options.extraction.model, of.classifier);
    dn_head_free(start);
    dn_head_free(clone);
    origin_free(&of);
}

static void test_classes_are_found_by_name(void **state) {
    (void)state;
    static const char *const sorted[] = {"a", "b", "c"}, *const others[] = {"b", "d"};
    train_options options;
    float x[FEATURES], old[CLASSES], new[CLASSES];
    for (int i = 0; i < FEATURES; i++) x[i] = (float)(i % 7);
    save_model("{}");
    origin of = open_model(&options);
    assert_int_equal(dn_head_log_probabilities(matched(&of, &options, CLASSES, sorted), x, 1, new, NULL),
                     DN_OK);
    assert_int_equal(dn_head_log_probabilities(head, x, 1, old, NULL), DN_OK);
    /* the same sums, in another order of the denominator's three terms */
    for (int i = 0; i < CLASSES; i++) assert_true(fabsf(old[(i + 1) % CLASSES] - new[i]) < 1e-5f);
    assert_int_equal(of.kept, 3);
    assert_int_equal(of.added + of.left_out, 0);
    origin_free(&of);

    of = open_model(&options);
    assert_null(matched(&of, &options, 2, others));
    origin_free(&of);
    of = open_model(&options);
    options.new_classes = true;
    assert_non_null(matched(&of, &options, 2, others));
    assert_int_equal(of.kept, 1);
    assert_int_equal(of.added, 1);
    assert_int_equal(of.left_out, 2);
    origin_free(&of);
}

static void test_dropout_is_the_recipes_the_options_or_the_default(void **state) {
    (void)state;
    static const struct {
        const char *recipe;
        float dropout;
    } cases[] = {{"{\"dropout\": 0.25}", 0.25f},
                 {"{\"dropout\": 0}", 0.0f},
                 {"{}", 0.2f},
                 {"{\"dropout\": 1.5}", 0.2f},
                 {"{\"dropout\": \"x\"}", 0.2f}};
    train_options options;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        save_model(cases[i].recipe);
        origin of = open_model(&options);
        assert_true(options.dropout == cases[i].dropout);
        origin_free(&of);
    }
    options = (train_options){.from = path, .dropout = 0.75f};
    origin of;
    assert_int_equal(origin_open(&of, &options), OUTCOME_OK);
    assert_true(options.dropout == 0.75f);
    origin_free(&of);
}

/* Two generations are told, of the elder its name and hash alone, however many came before. */
static void test_what_a_recipe_tells_of_its_origin_stays_short(void **state) {
    (void)state;
    static const char *const names[] = {"a", "b", "c"};
    train_options options;
    save_model(
        "{\"name\": \"default\", \"epochs\": 3, \"hidden\": [6, 5], \"schedule\": {\"kind\": \"step\"}, "
        "\"from\": {\"model\": \"f\", \"xxh3\": \"12\", \"recipe\": {\"epochs\": 9}, "
        "\"from\": {\"model\": \"e\", \"xxh3\": \"3\"}}}");
    origin of = open_model(&options);
    matched(&of, &options, CLASSES, names);
    json_t *found = origin_json(&of);
    json_t *expected =
        json_pack("{s:s, s:s, s:{s:s, s:i}, s:{s:s, s:s}}", "model", "m.safetensors", "xxh3", of.hash,
                  "recipe", "name", "default", "epochs", 3, "from", "model", "f", "xxh3", "12");
    assert_true(json_equal(found, expected));
    json_decref(expected);
    json_decref(found);
    origin_free(&of);
    save_model("{\"from\": \"nowhere\"}");
    of = open_model(&options);
    found = origin_json(&of);
    assert_non_null(found);
    assert_null(json_object_get(found, "from"));
    json_decref(found);
    origin_free(&of);
}

static void test_without_from_all_is_as_it_was(void **state) {
    (void)state;
    origin of;
    train_options options = {.dropout = 0.5f};
    const dni_dataset data = {.class_count = 2};
    dn_head *start;
    assert_int_equal(origin_open(&of, &options), OUTCOME_OK);
    assert_int_equal(origin_match_classes(&of, &data, &options), OUTCOME_OK);
    assert_null(of.head);
    assert_int_equal(origin_start(&start, of.head, &options, FEATURES, 2, NULL), DN_OK);
    assert_false(start->is_trained);
    dn_head_free(start);
    origin_free(&of);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_training_begins_with_the_librarys_clone),
        cmocka_unit_test(test_classes_are_found_by_name),
        cmocka_unit_test(test_dropout_is_the_recipes_the_options_or_the_default),
        cmocka_unit_test(test_what_a_recipe_tells_of_its_origin_stays_short),
        cmocka_unit_test(test_without_from_all_is_as_it_was),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
