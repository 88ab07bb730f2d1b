/* SPDX-License-Identifier: MIT */
/* What tells unfamiliar pictures comes back from a model file, is used in judging, may be absent, and is
 * refused where it is damaged. */
#include "core/rng.h"
#include "core/tensor_dict.h"
#include "head/classifier/classifier.h"
#include "head/novelty_parts.h"
#include "io/file.h"
#include "io/safetensors.h"
#include "test/support/classifiers.h"
#include "test/support/files.h"
#include "test/support/head.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { FEATURES = 1024, CLASSES = 2, CROP = 32, PICTURES = 3, TRAIN = 24, VALID = 10 };

static char *folder, path[600], other_path[600];
static dn_weights *weights; /* densenet121, seed 3, calibrated */
static dn_head *head;
static dn_novelty *novelty;
static char hash[33];
static dn_image pictures[PICTURES];
static float inputs[PICTURES * CROP * CROP * 3], features[PICTURES * FEATURES];

static dn_classifier_info info_with(const dn_novelty *of) {
    static const char *const names[CLASSES] = {"a", "b"};
    dn_preprocessing preprocessing = dn_preprocessing_default();
    preprocessing.resize = 36;
    preprocessing.crop = CROP;
    return (dn_classifier_info){.struct_size = sizeof(dn_classifier_info),
                                .backbone = "densenet121",
                                .weights_source = "random:3",
                                .weights_hash = hash,
                                .class_count = CLASSES,
                                .classes = names,
                                .preprocessing = preprocessing,
                                .recipe = "{}",
                                .metrics = "{}",
                                .novelty = of};
}

static void make_pictures(void) {
    enum { SIDE = 40 };
    dni_rng rng = dni_rng_named(1, "pictures");
    const dn_preprocessing preprocessing = info_with(NULL).preprocessing;
    for (int i = 0; i < PICTURES; i++) {
        pictures[i] = (dn_image){.width = SIDE, .height = SIDE, .rgb = malloc(3 * SIDE * SIDE)};
        assert_non_null(pictures[i].rgb);
        for (int j = 0; j < 3 * SIDE * SIDE; j++) pictures[i].rgb[j] = (uint8_t)dni_rng_below(&rng, 256);
        assert_int_equal(
            dn_image_to_input(&pictures[i], &preprocessing, 0, inputs + i * CROP * CROP * 3, NULL), DN_OK);
    }
}

/* The pictures' features, by a session of the test's own. */
static void compute_features(void) {
    dn_model *model;
    dn_session *session;
    const dn_session_options options = {
        .struct_size = sizeof options, .batch = PICTURES, .height = CROP, .width = CROP, .threads = 1};
    assert_int_equal(dn_model_create(&model, weights, NULL, NULL), DN_OK);
    assert_int_equal(dn_session_create(&session, model, &options, NULL), DN_OK);
    assert_int_equal(dn_session_forward(session, inputs, PICTURES, &(dn_outputs){.features = features}, NULL),
                     DN_OK);
    dn_session_free(session);
    dn_model_free(model);
}

/* Numbers around the pictures' features, so that the pictures lie among them. */
static dn_novelty *make_novelty(void) {
    float *values = stream_values("novelty/file", (size_t)(TRAIN + VALID) * FEATURES);
    int labels[TRAIN];
    for (int n = 0; n < TRAIN + VALID; n++)
        for (int i = 0; i < FEATURES; i++)
            values[n * FEATURES + i] =
                features[n % PICTURES * FEATURES + i] * (0.8f + 0.4f * values[n * FEATURES + i]);
    for (int n = 0; n < TRAIN; n++) labels[n] = n % CLASSES;
    const dn_features train = {values, labels, TRAIN, 1};
    const dn_features valid = {values + (size_t)TRAIN * FEATURES, labels, VALID, 1};
    dn_novelty *made;
    assert_int_equal(dn_novelty_fit(&made, &train, &valid, FEATURES, CLASSES, 1, NULL), DN_OK);
    free(values);
    return made;
}

static int set_up(void **state) {
    (void)state;
    folder = make_folder();
    snprintf(path, sizeof path, "%s/m.safetensors", folder);
    snprintf(other_path, sizeof other_path, "%s/o.safetensors", folder);
    make_pictures();
    const dn_head_options options = {.struct_size = sizeof options, .hidden_count = 0, .seed = 5};
    if (dn_weights_random(&weights, dn_config_find("densenet121"), 3, NULL)) return -1;
    if (dn_weights_calibrate(weights, inputs, PICTURES, CROP, CROP, NULL, NULL)) return -1;
    dn_weights_hash(weights, hash);
    if (dn_head_create(&head, FEATURES, CLASSES, &options, NULL)) return -1;
    compute_features();
    novelty = make_novelty();
    const dn_classifier_info info = info_with(novelty);
    return dn_classifier_save(path, head, &info, weights, NULL) == DN_OK ? 0 : -1;
}

static int tear_down(void **state) {
    (void)state;
    for (int i = 0; i < PICTURES; i++) dn_image_free(&pictures[i]);
    dn_novelty_free(novelty);
    dn_weights_free(weights);
    dn_head_free(head);
    remove_folder(folder);
    return 0;
}

static void test_the_numbers_come_back_bit_by_bit(void **state) {
    (void)state;
    dn_classifier *classifier = load_classifier(path);
    const dn_novelty *found = dn_classifier_get_info(classifier)->novelty;
    assert_non_null(found);
    assert_memory_equal(&found->shape, &novelty->shape, sizeof found->shape);
    assert_memory_equal(found->memory, novelty->memory, dn_novelty_size(novelty));
    dn_classifier_free(classifier);
}

/* The oracle: the session's features and dn_novelty_score(), called by hand. The pictures go through the
 * network in batches of two, so that the second batch is not full. */
static void test_judging_gives_probabilities_and_percentiles(void **state) {
    (void)state;
    double expected[PICTURES], found[PICTURES], alone[PICTURES];
    float expected_probabilities[PICTURES * CLASSES], probabilities[PICTURES * CLASSES];
    assert_int_equal(dn_novelty_score(novelty, features, PICTURES, NULL, expected, NULL), DN_OK);
    dn_classifier *classifier = load_classifier(path);
    const dn_session_options options = {.struct_size = sizeof options, .batch = 2, .threads = 1};
    assert_int_equal(dn_classifier_attach(classifier, NULL, NULL, &options, NULL), DN_OK);
    assert_int_equal(dn_classifier_predict(classifier, pictures, PICTURES, expected_probabilities, NULL),
                     DN_OK);
    const dn_judgements both = {.probabilities = probabilities, .unfamiliarity = found},
                        one = {.unfamiliarity = alone};
    assert_int_equal(dn_classifier_judge(classifier, pictures, PICTURES, &both, NULL), DN_OK);
    assert_int_equal(dn_classifier_judge(classifier, pictures, PICTURES, &one, NULL), DN_OK);
    assert_memory_equal(probabilities, expected_probabilities, sizeof probabilities);
    for (int i = 0; i < PICTURES; i++) {
        assert_close(found[i], expected[i], 1e-9);
        assert_close(alone[i], expected[i], 1e-9);
    }
    dn_classifier_free(classifier);
}

static void test_without_the_numbers_all_else_works(void **state) {
    (void)state;
    const dn_classifier_info info = info_with(NULL);
    assert_int_equal(dn_classifier_save(other_path, head, &info, weights, NULL), DN_OK);
    dn_classifier *classifier = load_classifier(other_path);
    assert_null(dn_classifier_get_info(classifier)->novelty);
    assert_int_equal(dn_classifier_attach(classifier, NULL, NULL, NULL, NULL), DN_OK);
    float probabilities[PICTURES * CLASSES];
    double percentiles[PICTURES];
    dn_judgements wanted = {.probabilities = probabilities};
    dn_error error;
    assert_int_equal(dn_classifier_judge(classifier, pictures, PICTURES, &wanted, &error), DN_OK);
    wanted.unfamiliarity = percentiles;
    assert_int_equal(dn_classifier_judge(classifier, pictures, PICTURES, &wanted, &error),
                     DN_ERR_UNSUPPORTED);
    assert_non_null(strstr(error.message, "no numbers that tell unfamiliar pictures"));
    dn_classifier_free(classifier);
}

static void test_numbers_of_another_width_are_not_saved(void **state) {
    (void)state;
    float values[4] = {1, 2, 3, 4};
    const int labels[2] = {0, 1};
    const dn_features data = {values, labels, 2, 1};
    dn_novelty *narrow;
    assert_int_equal(dn_novelty_fit(&narrow, &data, &data, 2, 2, 1, NULL), DN_OK);
    const dn_classifier_info info = info_with(narrow);
    dn_error error;
    write_whole(other_path, "what was there", 14);
    assert_int_equal(dn_classifier_save(other_path, head, &info, weights, &error), DN_ERR_ARGUMENT);
    assert_non_null(strstr(error.message, "'novelty.basis' of shape (1, 2)"));
    dni_file_content left;
    assert_int_equal(dni_file_load(&left, other_path, NULL), DN_OK);
    assert_int_equal(left.size, 14);
    dni_file_unload(&left);
    dn_novelty_free(narrow);
}

/* ---- damage ---- */

static size_t index_of(const dni_tensor_dict *dict, const char *name) {
    for (size_t i = 0; i < dni_tensor_dict_count(dict); i++)
        if (strcmp(dni_tensor_dict_at(dict, i)->name, name) == 0) return i;
    fail_msg("no tensor '%s'", name);
    return 0;
}

/* Writes the file again with one tensor changed: other dtype, one row less, no tensor, or one value. */
typedef enum damage { WITHOUT, OF_INTEGERS, A_ROW_LESS, WITH_VALUE } damage;

static void expect_refusal(const char *name, damage how, int element, float value, dn_status expected,
                           const char *why) {
    dni_tensor_dict *dict;
    assert_int_equal(dni_safetensors_read(&dict, path, NULL), DN_OK);
    const size_t i = index_of(dict, name);
    dni_tensor tensor = dni_tensor_dict_at(dict, i)->tensor;
    if (how == WITH_VALUE)
        ((float *)tensor.data)[element] = value;
    else
        dni_tensor_dict_remove(dict, i);
    if (how == OF_INTEGERS) tensor.dtype = DNI_I32;
    if (how == A_ROW_LESS) tensor.shape[0]--;
    if (how == OF_INTEGERS || how == A_ROW_LESS)
        assert_int_equal(dni_tensor_dict_add(dict, name, tensor, NULL), DN_OK);
    assert_int_equal(dni_safetensors_write(dict, other_path, NULL), DN_OK);
    dni_tensor_dict_free(dict);
    dn_classifier *classifier;
    dn_error error = {.message = ""};
    const dn_status status = dn_classifier_load(&classifier, other_path, &error);
    if (status != expected || !strstr(error.message, why) || !strstr(error.message, other_path))
        fail_msg("%s: status %s, message '%s'", name, dn_status_name(status), error.message);
    assert_null(classifier);
}

static void test_damaged_tensors_are_named(void **state) {
    (void)state;
    static const char *const names[] = {"novelty.basis",  "novelty.means",    "novelty.scaling",
                                        "novelty.scores", "novelty.training", "novelty.whitening"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char quoted[64];
        snprintf(quoted, sizeof quoted, "tensor '%s' ", names[i]);
        expect_refusal(names[i], WITHOUT, 0, 0, DN_ERR_TENSOR_MISSING, quoted);
        expect_refusal(names[i], OF_INTEGERS, 0, 0, DN_ERR_TENSOR_DTYPE, quoted);
        expect_refusal(names[i], WITH_VALUE, 1, NAN, DN_ERR_CORRUPT, quoted);
    }
    /* means, scores and training have a number of rows of their own */
    expect_refusal("novelty.basis", A_ROW_LESS, 0, 0, DN_ERR_TENSOR_SHAPE, "'novelty.means' of shape (2, 3)");
    expect_refusal("novelty.scaling", A_ROW_LESS, 0, 0, DN_ERR_TENSOR_SHAPE, "(1, 2)");
    expect_refusal("novelty.whitening", A_ROW_LESS, 0, 0, DN_ERR_TENSOR_SHAPE, "(2, 3)");
    expect_refusal("novelty.scaling", WITH_VALUE, 3, 0, DN_ERR_CORRUPT, "not above 0");
    expect_refusal("novelty.scores", WITH_VALUE, 4, 1e30f, DN_ERR_CORRUPT, "does not rise at element 5");
}

static void test_the_neighbour_must_be_a_number(void **state) {
    (void)state;
    static const char *const wrong[] = {"0", "-1", "ten", "4097", ""};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        dni_tensor_dict *dict;
        assert_int_equal(dni_safetensors_read(&dict, path, NULL), DN_OK);
        assert_int_equal(dni_tensor_dict_set_meta(dict, "novelty_neighbour", wrong[i], NULL), DN_OK);
        assert_int_equal(dni_safetensors_write(dict, other_path, NULL), DN_OK);
        dni_tensor_dict_free(dict);
        dn_classifier *classifier;
        dn_error error;
        assert_int_equal(dn_classifier_load(&classifier, other_path, &error), DN_ERR_CORRUPT);
        assert_non_null(strstr(error.message, "'novelty_neighbour'"));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_numbers_come_back_bit_by_bit),
        cmocka_unit_test(test_judging_gives_probabilities_and_percentiles),
        cmocka_unit_test(test_without_the_numbers_all_else_works),
        cmocka_unit_test(test_numbers_of_another_width_are_not_saved),
        cmocka_unit_test(test_damaged_tensors_are_named),
        cmocka_unit_test(test_the_neighbour_must_be_a_number),
    };
    return cmocka_run_group_tests_name("novelty_file", tests, set_up, tear_down);
}
