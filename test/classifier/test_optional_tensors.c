/* SPDX-License-Identifier: MIT */
/* What a model file may hold beside the head, the calibration of sets and the keys of its own pictures: it
 * comes back as it was, a file without it loads, and what does not hold together is refused by name. */
#include "head/classifier/classifier.h"

#include "core/rng.h"
#include "core/tensor_dict.h"
#include "io/safetensors.h"
#include "test/support/classifiers.h"
#include "test/support/files.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { FEATURES = 1024, CLASSES = 3, PICTURES = 5, KEYS = 4 };

static char *folder, path[600], other_path[600];
static dn_weights *weights;
static dn_head *head;
static char hash[33];
static dn_conformal *conformal;

static const char *const class_names[CLASSES] = {"a", "b", "c"};
/* The true class's: 0: 0.5, 0.75; 1: none; 2: 0.25, 0.5, 1. */
static const float probabilities[PICTURES * CLASSES] = {0.75f, 0.25f, 0, 0,    0,    1,     0.5f, 0.25f,
                                                        0.25f, 0.5f,  0, 0.5f, 0.5f, 0.25f, 0.25f};
static const int labels[PICTURES] = {0, 2, 2, 2, 0};
static const dn_picture_key keys[KEYS] = {
    {.content = {1, 2, 3}, .look = 0xfedcba9876543210u, .use = DN_PICTURE_TRAIN},
    {.content = {255}, .look = 0, .use = DN_PICTURE_VALID},
    {.content = {[15] = 7}, .look = 1, .use = DN_PICTURE_TRAIN},
    {.content = {9}, .look = UINT64_MAX, .use = DN_PICTURE_VALID},
};

static dn_classifier_info info_with(const dn_conformal *sets, const dn_picture_key *own, int own_count) {
    return (dn_classifier_info){.struct_size = sizeof(dn_classifier_info),
                                .backbone = "densenet121",
                                .weights_source = "mine.pth",
                                .weights_hash = hash,
                                .class_count = CLASSES,
                                .classes = class_names,
                                .preprocessing = dn_preprocessing_default(),
                                .recipe = "{}",
                                .metrics = "{}",
                                .conformal = sets,
                                .picture_keys = own,
                                .picture_key_count = own_count};
}

static int set_up(void **state) {
    (void)state;
    folder = make_folder();
    snprintf(path, sizeof path, "%s/m.safetensors", folder);
    snprintf(other_path, sizeof other_path, "%s/o.safetensors", folder);
    const dn_head_options options = {.struct_size = sizeof options, .hidden_count = 0, .seed = 5};
    if (dn_weights_random(&weights, dn_config_find("densenet121"), 3, NULL)) return -1;
    dn_weights_hash(weights, hash);
    if (dn_head_create(&head, FEATURES, CLASSES, &options, NULL)) return -1;
    if (dn_conformal_create(&conformal, probabilities, labels, PICTURES, CLASSES, NULL)) return -1;
    const dn_classifier_info info = info_with(conformal, keys, KEYS);
    return dn_classifier_save(path, head, &info, weights, NULL) == DN_OK ? 0 : -1;
}

static int tear_down(void **state) {
    (void)state;
    dn_conformal_free(conformal);
    dn_weights_free(weights);
    dn_head_free(head);
    remove_folder(folder);
    return 0;
}

static void test_both_come_back(void **state) {
    (void)state;
    dn_classifier *classifier = load_classifier(path);
    const dn_classifier_info *info = dn_classifier_get_info(classifier);
    assert_non_null(info->conformal);
    assert_int_equal(dn_conformal_classes(info->conformal), CLASSES);
    for (int c = -1; c < CLASSES; c++)
        assert_int_equal(dn_conformal_count(info->conformal, c), dn_conformal_count(conformal, c));
    for (int i = 0; i < 4; i++) {
        const double coverage = (const double[]){0.2, 0.5, 0.7, 0.8}[i];
        for (int per_class = 0; per_class < 2; per_class++) {
            float kept[CLASSES], loaded[CLASSES];
            assert_int_equal(dn_conformal_thresholds(conformal, coverage, per_class, kept, NULL), DN_OK);
            assert_int_equal(dn_conformal_thresholds(info->conformal, coverage, per_class, loaded, NULL),
                             DN_OK);
            assert_memory_equal(kept, loaded, sizeof kept);
        }
    }
    assert_int_equal(info->picture_key_count, KEYS);
    for (int i = 0; i < KEYS; i++) {
        assert_memory_equal(info->picture_keys[i].content, keys[i].content, sizeof keys[i].content);
        assert_true(info->picture_keys[i].look == keys[i].look);
        assert_int_equal(info->picture_keys[i].use, keys[i].use);
    }
    dn_classifier_free(classifier);
}

static void test_a_file_without_them_loads(void **state) {
    (void)state;
    const dn_classifier_info bare = info_with(NULL, NULL, 0);
    assert_int_equal(dn_classifier_save(other_path, head, &bare, weights, NULL), DN_OK);
    dn_classifier *classifier = load_classifier(other_path);
    const dn_classifier_info *info = dn_classifier_get_info(classifier);
    assert_null(info->conformal);
    assert_null(info->picture_keys);
    assert_int_equal(info->picture_key_count, 0);
    dn_classifier_free(classifier);
}

static void test_what_would_not_load_is_not_saved(void **state) {
    (void)state;
    const float two[] = {0.5f, 0.5f};
    dn_conformal *of_two;
    assert_int_equal(dn_conformal_create(&of_two, two, (const int[]){0}, 1, 2, NULL), DN_OK);
    const dn_picture_key of_no_use = {.use = (dn_picture_use)2};
    const struct {
        dn_classifier_info info;
        const char *needle;
    } wrong[] = {{info_with(of_two, NULL, 0), "'conformal.counts' of shape (2)"},
                 {info_with(NULL, &of_no_use, 1), "'pictures.uses': element 0 is 2"},
                 {info_with(NULL, keys, -1), "-1 picture keys cannot be"}};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        write_whole(other_path, "before", 6);
        dn_error error = {.message = ""};
        assert_int_equal(dn_classifier_save(other_path, head, &wrong[i].info, weights, &error),
                         DN_ERR_ARGUMENT);
        if (!strstr(error.message, wrong[i].needle)) fail_msg("%s", error.message);
        const file_bytes left = read_whole(other_path);
        assert_memory_equal(left.data, "before", 6);
        free(left.data);
    }
    dn_conformal_free(of_two);
}

/* Writes the model with one tensor changed, and expects a refusal that names file and tensor. */
static void expect_refusal(dni_tensor_dict *dict, dn_status status, const char *needle) {
    assert_int_equal(dni_safetensors_write(dict, other_path, NULL), DN_OK);
    dn_classifier *classifier;
    dn_error error = {.message = ""};
    const dn_status found = dn_classifier_load(&classifier, other_path, &error);
    if (found != status) fail_msg("%s: %s", dn_status_name(found), error.message);
    assert_null(classifier);
    if (!strstr(error.message, other_path) || !strstr(error.message, needle)) fail_msg("%s", error.message);
    dni_tensor_dict_free(dict);
}

static dni_tensor_dict *read_model(void) {
    dni_tensor_dict *dict;
    assert_int_equal(dni_safetensors_read(&dict, path, NULL), DN_OK);
    return dict;
}

static size_t index_of(const dni_tensor_dict *dict, const char *name) {
    for (size_t i = 0; i < dni_tensor_dict_count(dict); i++)
        if (strcmp(dni_tensor_dict_at(dict, i)->name, name) == 0) return i;
    fail_msg("no tensor '%s'", name);
    return 0;
}

static void test_a_missing_tensor_is_named(void **state) {
    (void)state;
    static const char *const names[] = {"conformal.counts", "conformal.probabilities", "pictures.keys",
                                        "pictures.looks", "pictures.uses"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        dni_tensor_dict *dict = read_model();
        dni_tensor_dict_remove(dict, index_of(dict, names[i]));
        char needle[64];
        snprintf(needle, sizeof needle, "tensor '%s' is missing", names[i]);
        expect_refusal(dict, DN_ERR_TENSOR_MISSING, needle);
    }
}

static void test_another_type_or_shape_is_refused(void **state) {
    (void)state;
    static uint8_t bytes[64];
    const struct {
        const char *name;
        dni_dtype dtype;
        int rank;
        int64_t shape[2];
        dn_status status;
    } wrong[] = {
        {"conformal.counts", DNI_I64, 1, {2}, DN_ERR_TENSOR_SHAPE},
        {"conformal.counts", DNI_I32, 1, {3}, DN_ERR_TENSOR_DTYPE},
        {"conformal.probabilities", DNI_F32, 2, {5, 1}, DN_ERR_TENSOR_SHAPE},
        {"conformal.probabilities", DNI_F64, 1, {5}, DN_ERR_TENSOR_DTYPE},
        {"pictures.keys", DNI_U8, 2, {4, 15}, DN_ERR_TENSOR_SHAPE},
        {"pictures.keys", DNI_U8, 1, {64}, DN_ERR_TENSOR_SHAPE},
        {"pictures.keys", DNI_I8, 2, {4, 16}, DN_ERR_TENSOR_DTYPE},
        {"pictures.looks", DNI_U8, 2, {3, 8}, DN_ERR_TENSOR_SHAPE},
        {"pictures.uses", DNI_U8, 1, {5}, DN_ERR_TENSOR_SHAPE},
        {"classifier.0.weight", DNI_F64, 2, {3, 1}, DN_ERR_TENSOR_DTYPE},
        {"classifier.0.bias", DNI_I32, 1, {3}, DN_ERR_TENSOR_DTYPE},
        {"classifier.0.weight", DNI_F32, 1, {12}, DN_ERR_TENSOR_SHAPE},
        {"classifier.0.weight", DNI_F32, 2, {0, 1024}, DN_ERR_TENSOR_SHAPE},
        {"classifier.0.bias", DNI_F32, 2, {3, 1}, DN_ERR_TENSOR_SHAPE},
        {"classifier.0.bias", DNI_F32, 1, {4}, DN_ERR_TENSOR_SHAPE},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        dni_tensor_dict *dict = read_model();
        dni_tensor_dict_remove(dict, index_of(dict, wrong[i].name));
        assert_int_equal(
            dni_tensor_dict_add(dict, wrong[i].name,
                                dni_tensor_of(wrong[i].dtype, bytes, wrong[i].rank, wrong[i].shape), NULL),
            DN_OK);
        expect_refusal(dict, wrong[i].status, wrong[i].name);
    }
}

static void test_numbers_that_cannot_be_are_refused(void **state) {
    (void)state;
    static const struct {
        int64_t counts[CLASSES];
        float probabilities[PICTURES];
        const char *needle;
    } wrong[] = {
        {{2, 0, 2}, {0.5f, 0.75f, 0.25f, 0.5f, 1}, "the classes have 4 of 5"},
        {{2, -1, 4}, {0.5f, 0.75f, 0.25f, 0.5f, 1}, "class 1 has -1 of 5"},
        {{2, 0, INT64_MAX}, {0.5f, 0.75f, 0.25f, 0.5f, 1}, "class 2 has 9223372036854775807 of 5"},
        {{2, 0, 3}, {0.75f, 0.5f, 0.25f, 0.5f, 1}, "the probabilities of class 0 do not rise"},
        {{2, 0, 3}, {0.5f, 0.75f, 0.25f, 0.5f, 1.5f}, "the probabilities of class 2 do not rise"},
        {{2, 0, 3}, {-0.5f, 0.75f, 0.25f, 0.5f, 1}, "the probabilities of class 0 do not rise"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        dni_tensor_dict *dict = read_model();
        int64_t counts[CLASSES];
        float values[PICTURES];
        memcpy(counts, wrong[i].counts, sizeof counts);
        memcpy(values, wrong[i].probabilities, sizeof values);
        dni_tensor_dict_set_data(dict, index_of(dict, "conformal.counts"), counts);
        dni_tensor_dict_set_data(dict, index_of(dict, "conformal.probabilities"), values);
        expect_refusal(dict, DN_ERR_CORRUPT, wrong[i].needle);
    }
    dni_tensor_dict *dict = read_model();
    uint8_t uses[KEYS] = {0, 1, 2, 0};
    dni_tensor_dict_set_data(dict, index_of(dict, "pictures.uses"), uses);
    expect_refusal(dict, DN_ERR_CORRUPT, "'pictures.uses': element 2 is 2");
}

/* A table of keys that has no key. */
static void test_no_keys_at_all_are_refused(void **state) {
    (void)state;
    static uint8_t nothing[1];
    static const struct {
        const char *name;
        int rank;
        int64_t shape[2];
    } tensors[] = {{"pictures.keys", 2, {0, 16}}, {"pictures.looks", 2, {0, 8}}, {"pictures.uses", 1, {0}}};
    dni_tensor_dict *dict = read_model();
    for (size_t i = 0; i < sizeof tensors / sizeof *tensors; i++) {
        dni_tensor_dict_remove(dict, index_of(dict, tensors[i].name));
        const dni_tensor empty = dni_tensor_of(DNI_U8, nothing, tensors[i].rank, tensors[i].shape);
        assert_int_equal(dni_tensor_dict_add(dict, tensors[i].name, empty, NULL), DN_OK);
    }
    expect_refusal(dict, DN_ERR_TENSOR_SHAPE, "tensor 'pictures.keys' has 0 keys");
}

/* ---- finding a picture among the keys ---- */

static void test_the_same_bytes_come_before_the_same_look(void **state) {
    (void)state;
    const struct {
        dn_picture_key picture;
        int found;
        dn_picture_match match;
    } all[] = {
        {{.content = {9}, .look = keys[0].look}, 3, DN_PICTURE_SAME},
        {{.content = {10}, .look = keys[0].look}, 0, DN_PICTURE_NEAR},
        {{.content = {10}, .look = keys[0].look ^ 0xf}, 0, DN_PICTURE_NEAR}, /* 4 bits apart */
        {{.content = {10}, .look = keys[0].look ^ 0x1f}, -1, DN_PICTURE_UNKNOWN},
        {{.content = {10}, .look = 3}, 2, DN_PICTURE_NEAR},
        {{.content = {10}, .look = 0}, -1, DN_PICTURE_UNKNOWN}, /* flat pictures look like nothing */
        {{.content = {255}, .look = 0}, 1, DN_PICTURE_SAME},
        {{.content = {10}, .look = 0xff}, -1, DN_PICTURE_UNKNOWN},
    };
    dn_picture_index *index;
    assert_int_equal(dn_picture_index_create(&index, keys, KEYS, NULL), DN_OK);
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        dn_picture_match match;
        assert_int_equal(dn_picture_keys_find(keys, KEYS, &all[i].picture, &match), all[i].found);
        assert_int_equal(match, all[i].match);
        assert_int_equal(dn_picture_index_find(index, &all[i].picture, &match), all[i].found);
        assert_int_equal(match, all[i].match);
    }
    assert_int_equal(dn_picture_keys_find(NULL, 0, &all[0].picture, NULL), -1);
    dn_picture_index_free(index);
}

/* Contents and looks repeat, and looks differ in few bits: most pictures have several keys to choose from. */
static dn_picture_key drawn_key(dni_rng *rng) {
    dn_picture_key key = {.look = dni_rng_below(rng, 4) ? dni_rng_next(rng) & 0x3000300030f : 0};
    if (dni_rng_below(rng, 3) == 0) key.look = dni_rng_next(rng);
    key.content[dni_rng_below(rng, 2) * 15] = (uint8_t)dni_rng_below(rng, 256);
    key.content[7] = (uint8_t)dni_rng_below(rng, 4);
    return key;
}

static void test_an_index_of_less_than_no_keys_is_refused(void **state) {
    (void)state;
    dn_picture_index *index = (dn_picture_index *)folder;
    dn_error error;
    assert_int_equal(dn_picture_index_create(&index, keys, -1, &error), DN_ERR_ARGUMENT);
    assert_string_equal(error.message, "dn_picture_index_create: count is -1");
    assert_null(index);
}

static void test_an_index_finds_what_comparing_with_every_key_finds(void **state) {
    (void)state;
    enum { MOST = 400, ASKED = 300 };
    dn_picture_key many[MOST];
    int matches[DN_PICTURE_SAME + 1] = {0};
    dni_rng rng = dni_rng_named(1, "picture keys");
    for (int count = 0; count <= MOST; count += 50) {
        for (int i = 0; i < count; i++) many[i] = drawn_key(&rng);
        dn_picture_index *index;
        assert_int_equal(dn_picture_index_create(&index, many, count, NULL), DN_OK);
        for (int i = 0; i < ASKED; i++) {
            const dn_picture_key asked = drawn_key(&rng);
            dn_picture_match expected, match;
            const int found = dn_picture_keys_find(many, count, &asked, &expected);
            assert_int_equal(dn_picture_index_find(index, &asked, &match), found);
            assert_int_equal(match, expected);
            matches[match]++;
        }
        dn_picture_index_free(index);
    }
    for (int m = 0; m <= DN_PICTURE_SAME; m++) assert_true(matches[m] > 100);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_both_come_back),
        cmocka_unit_test(test_a_file_without_them_loads),
        cmocka_unit_test(test_what_would_not_load_is_not_saved),
        cmocka_unit_test(test_a_missing_tensor_is_named),
        cmocka_unit_test(test_another_type_or_shape_is_refused),
        cmocka_unit_test(test_numbers_that_cannot_be_are_refused),
        cmocka_unit_test(test_no_keys_at_all_are_refused),
        cmocka_unit_test(test_the_same_bytes_come_before_the_same_look),
        cmocka_unit_test(test_an_index_of_less_than_no_keys_is_refused),
        cmocka_unit_test(test_an_index_finds_what_comparing_with_every_key_finds),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
