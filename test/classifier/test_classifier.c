/* SPDX-License-Identifier: MIT */
/* A model file gives back what was saved, refuses what does not hold together, and predicts what backbone and
 * head give one after the other. */
#include "core/memory.h"
#include "head/classifier/classifier.h"
#include "head/mlp.h"

#include "core/rng.h"
#include "core/tensor_dict.h"
#include "io/dataset.h"
#include "io/file.h"
#include "io/safetensors.h"
#include "test/support/classifiers.h"
#include "test/support/files.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { FEATURES = 1024, CLASSES = 3, CROP = 32, SIDE = 40, PICTURES = 3 };

static char *folder, path[600], other_path[600];
static dn_weights *weights; /* densenet121, seed 3, calibrated */
static dn_head *head;
static char hash[33];
static dn_image pictures[PICTURES];
static const char *const class_names[CLASSES] = {"a", "b \"quoted\"", "\xc3\xa9t\xc3\xa9"};

static dn_classifier_info info_of(const char *source) {
    dn_preprocessing preprocessing = dn_preprocessing_default();
    preprocessing.resize = 36;
    preprocessing.crop = CROP;
    return (dn_classifier_info){.struct_size = sizeof(dn_classifier_info),
                                .backbone = "densenet121",
                                .weights_source = source,
                                .weights_hash = hash,
                                .class_count = CLASSES,
                                .classes = class_names,
                                .preprocessing = preprocessing,
                                .seed = 18446744073709551615u,
                                .recipe = "{\"name\": \"test\"}",
                                .metrics = "{}"};
}

static void make_pictures(void) {
    dni_rng rng = dni_rng_named(1, "pictures");
    for (int i = 0; i < PICTURES; i++) {
        pictures[i] = (dn_image){.width = SIDE, .height = SIDE, .rgb = malloc(3 * SIDE * SIDE)};
        assert_non_null(pictures[i].rgb);
        for (int j = 0; j < 3 * SIDE * SIDE; j++) pictures[i].rgb[j] = (uint8_t)dni_rng_below(&rng, 256);
    }
}

static void fill_inputs(float *inputs) {
    const dn_preprocessing preprocessing = info_of("").preprocessing;
    for (int i = 0; i < PICTURES; i++)
        assert_int_equal(
            dn_image_to_input(&pictures[i], &preprocessing, 0, inputs + i * CROP * CROP * 3, NULL), DN_OK);
}

static int set_up(void **state) {
    (void)state;
    folder = make_folder();
    snprintf(path, sizeof path, "%s/m.safetensors", folder);
    snprintf(other_path, sizeof other_path, "%s/o.safetensors", folder);
    make_pictures();
    static float inputs[PICTURES * CROP * CROP * 3];
    fill_inputs(inputs);
    const dn_head_options options = {
        .struct_size = sizeof options, .hidden = (const int[]){8, 6}, .hidden_count = 2, .seed = 5};
    if (dn_weights_random(&weights, dn_config_find("densenet121"), 3, NULL)) return -1;
    if (dn_weights_calibrate(weights, inputs, PICTURES, CROP, CROP, NULL, NULL)) return -1;
    dn_weights_hash(weights, hash);
    if (dn_head_create(&head, FEATURES, CLASSES, &options, NULL)) return -1;
    const dn_classifier_info info = info_of("random:3");
    return dn_classifier_save(path, head, &info, weights, NULL) == DN_OK ? 0 : -1;
}

static int tear_down(void **state) {
    (void)state;
    for (int i = 0; i < PICTURES; i++) dn_image_free(&pictures[i]);
    dn_weights_free(weights);
    dn_head_free(head);
    remove_folder(folder);
    return 0;
}

static void test_what_was_saved_comes_back(void **state) {
    (void)state;
    dn_classifier *classifier = load_classifier(path);
    const dn_classifier_info expected = info_of("random:3"), *info = dn_classifier_get_info(classifier);
    assert_string_equal(info->backbone, expected.backbone);
    assert_string_equal(info->weights_source, expected.weights_source);
    assert_string_equal(info->weights_hash, hash);
    assert_int_equal(info->class_count, CLASSES);
    for (int i = 0; i < CLASSES; i++) assert_string_equal(info->classes[i], class_names[i]);
    assert_memory_equal(&info->preprocessing, &expected.preprocessing, sizeof info->preprocessing);
    assert_true(info->seed == expected.seed);
    assert_string_equal(info->recipe, expected.recipe);
    assert_string_equal(info->metrics, expected.metrics);
    assert_true(dn_classifier_is_complete(classifier));

    float features[FEATURES], saved[CLASSES], loaded[CLASSES];
    for (int i = 0; i < FEATURES; i++) features[i] = sinf((float)i);
    assert_int_equal(dn_head_log_probabilities(head, features, 1, saved, NULL), DN_OK);
    assert_int_equal(dn_head_log_probabilities(dn_classifier_get_head(classifier), features, 1, loaded, NULL),
                     DN_OK);
    assert_memory_equal(saved, loaded, sizeof saved); /* nothing to fold: the same numbers */
    dn_classifier_free(classifier);
}

static void test_saving_twice_gives_the_same_bytes(void **state) {
    (void)state;
    const dn_classifier_info info = info_of("random:3");
    assert_int_equal(dn_classifier_save(other_path, head, &info, weights, NULL), DN_OK);
    dni_file_content a, b;
    assert_int_equal(dni_file_load(&a, path, NULL), DN_OK);
    assert_int_equal(dni_file_load(&b, other_path, NULL), DN_OK);
    assert_int_equal(a.size, b.size);
    assert_memory_equal(a.data, b.data, a.size);
    dni_file_unload(&a);
    dni_file_unload(&b);
}

/* The oracle: session and head, called one after the other by hand. */
static void expected_probabilities(dn_memory memory, float *out) {
    static float inputs[PICTURES * CROP * CROP * 3], features[PICTURES * FEATURES];
    fill_inputs(inputs);
    dn_model *model;
    dn_session *session;
    const dn_session_options options = {
        .struct_size = sizeof options, .batch = PICTURES, .height = CROP, .width = CROP, .threads = 1};
    const dn_model_options model_options = {.struct_size = sizeof model_options, .memory = memory};
    assert_int_equal(dn_model_create(&model, weights, &model_options, NULL), DN_OK);
    assert_int_equal(dn_session_create(&session, model, &options, NULL), DN_OK);
    assert_int_equal(dn_session_forward(session, inputs, PICTURES, &(dn_outputs){.features = features}, NULL),
                     DN_OK);
    assert_int_equal(dn_head_log_probabilities(head, features, PICTURES, out, NULL), DN_OK);
    for (int i = 0; i < PICTURES * CLASSES; i++) out[i] = expf(out[i]);
    dn_session_free(session);
    dn_model_free(model);
}

static void test_a_complete_file_predicts_alone_and_in_any_batch(void **state) {
    (void)state;
    float expected[PICTURES * CLASSES];
    expected_probabilities(DN_MEMORY_FAST, expected);
    dn_classifier *classifier = load_classifier(path);
    float first[PICTURES * CLASSES];
    for (int batch = 1; batch <= PICTURES; batch++) {
        dn_session_options options = dn_session_options_default();
        options.batch = batch;
        options.threads = batch;
        dn_error error = {.message = ""};
        if (dn_classifier_attach(classifier, NULL, NULL, &options, &error)) fail_msg("%s", error.message);
        float found[PICTURES * CLASSES];
        assert_int_equal(dn_classifier_predict(classifier, pictures, PICTURES, found, NULL), DN_OK);
        /* The oracle gives BLAS all rows at once, which then may sum in another order: a few units in the
         * last place. But the same bits come out of any batch. */
        for (int i = 0; i < PICTURES * CLASSES; i++) assert_true(fabsf(found[i] - expected[i]) < 1e-6f);
        if (batch == 1) memcpy(first, found, sizeof first);
        assert_memory_equal(found, first, sizeof first);
    }
    dn_classifier_free(classifier);
}

static void *count_allocate(void *context, size_t size) {
    *(size_t *)context += size;
    return dni_allocate(NULL, size);
}

static void count_release(void *context, void *memory, size_t size) {
    (void)context;
    dni_release(NULL, memory, size);
}

static void test_the_backbone_is_made_with_the_models_options(void **state) {
    (void)state;
    float expected[PICTURES * CLASSES], found[PICTURES * CLASSES];
    dn_classifier *classifier = load_classifier(path);
    size_t bytes[2] = {0};
    for (int low = 0; low < 2; low++) {
        const dn_memory memory = low ? DN_MEMORY_LOW : DN_MEMORY_FAST;
        expected_probabilities(memory, expected);
        const dn_allocator allocator = {count_allocate, count_release, &bytes[low]};
        const dn_model_options options = {
            .struct_size = sizeof options, .allocator = &allocator, .memory = memory};
        assert_int_equal(dn_classifier_attach(classifier, NULL, &options, NULL, NULL), DN_OK);
        assert_int_equal(dn_classifier_predict(classifier, pictures, PICTURES, found, NULL), DN_OK);
        for (int i = 0; i < PICTURES * CLASSES; i++) assert_true(fabsf(found[i] - expected[i]) < 1e-6f);
        assert_int_equal(dn_classifier_attach(classifier, NULL, NULL, NULL, NULL),
                         DN_OK); /* lets the other backbone go in time */
    }
    assert_true(bytes[0] > 0 && bytes[1] < bytes[0]);
    dn_classifier_free(classifier);
}

/* The evidence is what its definition says, from map and gradient that the session and the head give. */
static void test_evidence_is_gradient_times_map(void **state) {
    (void)state;
    dn_classifier *classifier;
    dn_error error;
    const dn_classifier_info info = info_of("random:3");
    assert_int_equal(dn_classifier_save(path, head, &info, weights, &error), DN_OK);
    assert_int_equal(dn_classifier_load(&classifier, path, &error), DN_OK);
    const dn_session_options options = {.struct_size = sizeof options, .batch = 1, .threads = 2};
    assert_int_equal(dn_classifier_attach(classifier, NULL, NULL, &options, &error), DN_OK);
    int height, width;
    dn_classifier_map_size(classifier, &height, &width);
    assert_int_equal(height * width, 1); /* of a crop of 32 pixels */

    float evidence, probabilities[CLASSES], expected[CLASSES], gradient[FEATURES], features[FEATURES];
    float inputs[PICTURES * CROP * CROP * 3];
    fill_inputs(inputs);
    dn_model *model;
    dn_session *session;
    assert_int_equal(dn_model_create(&model, weights, NULL, &error), DN_OK);
    const dn_session_options plain = {
        .struct_size = sizeof plain, .batch = 1, .height = CROP, .width = CROP, .threads = 1};
    assert_int_equal(dn_session_create(&session, model, &plain, &error), DN_OK);
    for (int i = 0; i < PICTURES; i++) {
        assert_int_equal(dn_classifier_predict(classifier, &pictures[i], 1, expected, &error), DN_OK);
        int best = -1;
        assert_int_equal(
            dn_classifier_explain(classifier, &pictures[i], &best, &evidence, probabilities, &error), DN_OK);
        assert_memory_equal(probabilities, expected, sizeof expected);
        for (int c = 0; c < CLASSES; c++) assert_true(probabilities[c] <= probabilities[best]);
        assert_int_equal(dn_session_forward(session, inputs + i * CROP * CROP * 3, 1,
                                            &(dn_outputs){.map = features}, &error),
                         DN_OK);
        for (int c = 0; c < CLASSES; c++) {
            int class_index = c;
            assert_int_equal(
                dn_classifier_explain(classifier, &pictures[i], &class_index, &evidence, NULL, &error),
                DN_OK);
            assert_int_equal(class_index, c);
            assert_int_equal(
                dn_head_feature_gradient(dn_classifier_get_head(classifier), features, c, gradient, &error),
                DN_OK);
            double sum = 0, magnitude = 0;
            for (int k = 0; k < FEATURES; k++) {
                sum += (double)gradient[k] * (double)features[k];
                magnitude += fabs((double)gradient[k] * (double)features[k]);
            }
            assert_true(fabs((double)evidence - fmax(sum, 0)) <= 1e-5 * magnitude); /* float sums of 1024 */
        }
    }
    int wrong = CLASSES;
    assert_int_equal(dn_classifier_explain(classifier, &pictures[0], &wrong, &evidence, NULL, &error),
                     DN_ERR_ARGUMENT);
    assert_non_null(strstr(error.message, "not 3"));
    dn_session_free(session);
    dn_model_free(model);
    dn_classifier_free(classifier);
}

static void test_prediction_without_a_backbone_is_refused(void **state) {
    (void)state;
    dn_classifier *classifier = load_classifier(path);
    float found[PICTURES * CLASSES];
    dn_error error = {.message = ""};
    assert_int_equal(dn_classifier_predict(classifier, pictures, PICTURES, found, &error), DN_ERR_ARGUMENT);
    assert_non_null(strstr(error.message, "no backbone"));
    dn_classifier_free(classifier);
}

static void test_a_file_of_file_weights_wants_exactly_those(void **state) {
    (void)state;
    const dn_classifier_info info = info_of("mine.pth");
    assert_int_equal(dn_classifier_save(other_path, head, &info, weights, NULL), DN_OK);
    dn_classifier *classifier = load_classifier(other_path);
    assert_false(dn_classifier_is_complete(classifier));
    dn_error error = {.message = ""};
    assert_int_equal(dn_classifier_attach(classifier, NULL, NULL, NULL, &error), DN_ERR_ARGUMENT);
    assert_non_null(strstr(error.message, "mine.pth"));
    dn_weights *foreign;
    assert_int_equal(dn_weights_random(&foreign, dn_config_find("densenet121"), 4, NULL), DN_OK);
    assert_int_equal(dn_classifier_attach(classifier, foreign, NULL, NULL, &error), DN_ERR_MISMATCH);
    assert_non_null(strstr(error.message, hash));
    assert_int_equal(dn_classifier_attach(classifier, weights, NULL, NULL, &error), DN_OK);
    dn_weights_free(foreign);
    dn_classifier_free(classifier);
}

static void test_a_description_of_other_weights_is_not_saved(void **state) {
    (void)state;
    dn_classifier_info info = info_of("random:3");
    info.weights_hash = "00000000000000000000000000000000";
    dn_error error = {.message = ""};
    assert_int_equal(dn_classifier_save(other_path, head, &info, weights, &error), DN_ERR_MISMATCH);
    assert_non_null(strstr(error.message, other_path));
    info = info_of("random:3");
    info.class_count = 2;
    assert_int_equal(dn_classifier_save(other_path, head, &info, weights, &error), DN_ERR_ARGUMENT);
}

/* ---- what can be saved can be read ---- */

enum { TEXTS = 18, NAMES = 9 };

/* Each of them is right somewhere and wrong elsewhere. */
static const char *const texts[TEXTS] = {"{}",
                                         "{\"a\": [1, 2.5, {\"b\": null}]}",
                                         "not json",
                                         "[]",
                                         "3",
                                         "",
                                         "{\"a\": NaN}",
                                         "{\"a\": Infinity}",
                                         "{\"a\": 1e999}",
                                         "{\"a\": 1, \"a\": 2}",
                                         "{\"a\": \"\\u0000\"}",
                                         "{\"a\": \"\xff\"}",
                                         "{} {}",
                                         "{\"a\": 99999999999999999999}",
                                         "random:3",
                                         "random:4",
                                         "a\nb.pth",
                                         NULL};
static const char *const names[NAMES] = {"a", "b", "c", "", "\xff\xfe", "a \"b\"", "\xc3\xa9", "\x01", NULL};

/* A description with about one thing changed. */
static dn_classifier_info mutated(dni_rng *rng, const char **classes) {
    dn_classifier_info info = info_of(dni_rng_below(rng, 2) ? "random:3" : "some.pth");
    for (int c = 0; c < CLASSES; c++) classes[c] = class_names[c];
    info.classes = classes;
    const char *text = texts[dni_rng_below(rng, TEXTS)];
    const float odd[] = {NAN, INFINITY, 0.0f, -1.0f, 0.1f, 1e-30f};
    switch (dni_rng_below(rng, 9)) {
    case 0:
        info.recipe = text;
        break;
    case 1:
        info.metrics = text;
        break;
    case 2:
        info.weights_source = text;
        break;
    case 3:
        info.backbone = text;
        break;
    case 4:
        info.weights_hash = text;
        break;
    case 5:
        info.preprocessing.mean[dni_rng_below(rng, 3)] = odd[dni_rng_below(rng, 6)];
        break;
    case 6:
        info.preprocessing.std[dni_rng_below(rng, 3)] = odd[dni_rng_below(rng, 6)];
        break;
    default:
        for (int c = 0; c < CLASSES; c++) classes[c] = names[dni_rng_below(rng, NAMES)];
    }
    return info;
}

static void assert_info_equal(const dn_classifier_info *a, const dn_classifier_info *b) {
    assert_string_equal(a->backbone, b->backbone);
    assert_string_equal(a->weights_source, b->weights_source);
    assert_string_equal(a->recipe, b->recipe);
    assert_string_equal(a->metrics, b->metrics);
    assert_int_equal(a->class_count, b->class_count);
    for (int c = 0; c < a->class_count; c++) assert_string_equal(a->classes[c], b->classes[c]);
    assert_memory_equal(&a->preprocessing, &b->preprocessing, sizeof a->preprocessing);
}

static void test_what_is_saved_loads_and_what_is_refused_leaves_the_file(void **state) {
    (void)state;
    dni_rng rng = dni_rng_named(7, "infos");
    int saved = 0, refused = 0;
    for (int trial = 0; trial < 150; trial++) {
        const char *classes[CLASSES];
        const dn_classifier_info info = mutated(&rng, classes);
        write_whole(other_path, "before", 6);
        dn_error error = {.message = ""};
        const dn_status status = dn_classifier_save(other_path, head, &info, weights, &error);
        if (status) {
            refused++;
            assert_int_equal(error.status, status);
            assert_non_null(strstr(error.message, other_path));
            const file_bytes left = read_whole(other_path);
            assert_int_equal(left.size, 6);
            assert_memory_equal(left.data, "before", 6);
            free(left.data);
            continue;
        }
        saved++;
        dn_classifier *classifier = load_classifier(other_path);
        assert_info_equal(dn_classifier_get_info(classifier), &info);
        dn_classifier_free(classifier);
    }
    assert_true(saved > 15 && refused > 50);
}

static void test_a_head_of_numbers_that_are_not_finite_is_not_saved(void **state) {
    (void)state;
    const dn_head_options options = {.struct_size = sizeof options, .hidden_count = 0, .seed = 5};
    dn_head *broken;
    assert_int_equal(dn_head_create(&broken, FEATURES, CLASSES, &options, NULL), DN_OK);
    broken->parameters[17] = NAN;
    const dn_classifier_info info = info_of("random:3");
    write_whole(other_path, "before", 6);
    dn_error error = {.message = ""};
    assert_int_equal(dn_classifier_save(other_path, broken, &info, weights, &error), DN_ERR_ARGUMENT);
    assert_non_null(strstr(error.message, "'classifier.0.weight'"));
    const file_bytes left = read_whole(other_path);
    assert_memory_equal(left.data, "before", 6);
    free(left.data);
    dn_head_free(broken);
}

static void test_weights_of_another_seed_are_not_saved_under_a_seed(void **state) {
    (void)state;
    const dn_classifier_info info = info_of("random:4");
    dn_error error = {.message = ""};
    assert_int_equal(dn_classifier_save(other_path, head, &info, weights, &error), DN_ERR_MISMATCH);
    assert_non_null(strstr(error.message, "random:4"));
}

/* Quadratic in the number of names, this takes a minute. And one class more is refused. */
static void test_as_many_classes_as_the_limit_are_read_in_a_moment(void **state) {
    (void)state;
    enum { MANY = DNI_CLASS_LIMIT, NAME = 8 };
    static char text[MANY + 1][NAME];
    const char **many = malloc((MANY + 1) * sizeof *many);
    assert_non_null(many);
    for (int c = 0; c < MANY + 1; c++) {
        snprintf(text[c], NAME, "c%d", c);
        many[c] = text[c];
    }
    dn_head *wide;
    const dn_head_options options = {
        .struct_size = sizeof options, .hidden = (const int[]){1}, .hidden_count = 1, .seed = 5};
    assert_int_equal(dn_head_create(&wide, FEATURES, MANY, &options, NULL), DN_OK);
    dn_classifier_info info = info_of("mine.pth");
    info.class_count = MANY;
    info.classes = many;
    dn_error error = {.message = ""};
    if (dn_classifier_save(other_path, wide, &info, weights, &error)) fail_msg("%s", error.message);
    dn_classifier *classifier = load_classifier(other_path);
    assert_string_equal(dn_classifier_get_info(classifier)->classes[MANY - 1], many[MANY - 1]);
    dn_classifier_free(classifier);

    many[MANY - 1] = many[12345];
    assert_int_equal(dn_classifier_save(other_path, wide, &info, weights, &error), DN_ERR_ARGUMENT);
    assert_non_null(strstr(error.message, "'c12345' twice"));
    dn_head_free(wide);

    assert_int_equal(dn_head_create(&wide, FEATURES, MANY + 1, &options, NULL), DN_OK);
    info.class_count = MANY + 1;
    assert_int_equal(dn_classifier_save(other_path, wide, &info, weights, &error), DN_ERR_ARGUMENT);
    assert_non_null(strstr(error.message, "has 100001 names; at most 100000 are taken"));
    dn_head_free(wide);
    free(many);
}

/* A name of 1024 bytes is read and one of a byte more refused. */
static void test_a_class_name_has_a_longest(void **state) {
    (void)state;
    char name[DNI_CLASS_NAME_BYTES + 2];
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    const char *both[] = {"a", name + 1};
    dn_head *two;
    assert_int_equal(dn_head_create(&two, FEATURES, 2, NULL, NULL), DN_OK);
    dn_classifier_info info = info_of("mine.pth");
    info.class_count = 2;
    info.classes = both;
    dn_error error = {.message = ""};
    if (dn_classifier_save(other_path, two, &info, weights, &error)) fail_msg("%s", error.message);
    dn_classifier *classifier = load_classifier(other_path);
    assert_string_equal(dn_classifier_get_info(classifier)->classes[1], name + 1);
    dn_classifier_free(classifier);
    both[1] = name;
    assert_int_equal(dn_classifier_save(other_path, two, &info, weights, &error), DN_ERR_ARGUMENT);
    assert_non_null(strstr(error.message, "name 1 has 1025 bytes; at most 1024 are taken"));
    dn_head_free(two);
}

/* ---- files that do not hold together ---- */

/* Writes the model with one metadata text replaced, or one tensor dropped, renamed or seen through another
 * shape, and expects a refusal that names file and culprit. */
static void expect_refusal(dni_tensor_dict *dict, dn_status status, const char *needle) {
    assert_int_equal(dni_safetensors_write(dict, other_path, NULL), DN_OK);
    dn_classifier *classifier;
    dn_error error = {.message = ""};
    const dn_status found = dn_classifier_load(&classifier, other_path, &error);
    if (found != status) fail_msg("%s: %s", dn_status_name(found), error.message);
    assert_null(classifier);
    assert_non_null(strstr(error.message, other_path));
    assert_non_null(strstr(error.message, needle));
}

static dni_tensor_dict *read_model(void) {
    dni_tensor_dict *dict;
    assert_int_equal(dni_safetensors_read(&dict, path, NULL), DN_OK);
    return dict;
}

static size_t index_of(const dni_tensor_dict *dict, const char *name) {
    for (size_t i = 0; i < dni_tensor_dict_count(dict); i++)
        if (strcmp(dni_tensor_dict_at(dict, i)->name, name) == 0) return i;
    fail_msg("%s", name);
    return 0;
}

static void test_wrong_metadata_is_named(void **state) {
    (void)state;
    static const struct {
        const char *key, *value;
        dn_status status;
    } cases[] = {
        {"format", "something else", DN_ERR_FORMAT},
        {"backbone", "resnet50", DN_ERR_UNSUPPORTED},
        {"weights_hash", "xyz", DN_ERR_CORRUPT},
        {"classes", "[\"a\", \"b\"", DN_ERR_CORRUPT},
        {"classes", "[\"a\"]", DN_ERR_CORRUPT},
        {"classes", "[\"a\", \"b\", \"a\"]", DN_ERR_CORRUPT},
        {"classes", "[\"a\", \"b\", 3]", DN_ERR_CORRUPT},
        {"seed", "-1", DN_ERR_CORRUPT},
        {"seed", "18446744073709551616", DN_ERR_CORRUPT},
        {"recipe", "[]", DN_ERR_CORRUPT},
        {"metrics", "", DN_ERR_CORRUPT},
        {"preprocessing", "{\"resize\": 36}", DN_ERR_CORRUPT},
        {"preprocessing", "{\"resize\": 36, \"crop\": 1, \"mean\": [0,0,0], \"std\": [1,1,1]}",
         DN_ERR_CORRUPT},
        {"preprocessing", "{\"resize\": 36, \"crop\": 32, \"mean\": [0,0,0], \"std\": [1,0,1]}",
         DN_ERR_CORRUPT},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        dni_tensor_dict *dict = read_model();
        assert_int_equal(dni_tensor_dict_set_meta(dict, cases[i].key, cases[i].value, NULL), DN_OK);
        expect_refusal(dict, cases[i].status, strcmp(cases[i].key, "backbone") ? cases[i].key : "resnet50");
        dni_tensor_dict_free(dict);
    }
}

static void test_classes_must_be_as_many_as_outputs(void **state) {
    (void)state;
    dni_tensor_dict *dict = read_model();
    assert_int_equal(dni_tensor_dict_set_meta(dict, "classes", "[\"a\", \"b\"]", NULL), DN_OK);
    expect_refusal(dict, DN_ERR_TENSOR_SHAPE, "'classifier.6.weight' gives 3 outputs, but there are 2");
    dni_tensor_dict_free(dict);
}

static void test_layers_must_fit_each_other(void **state) {
    (void)state;
    dni_tensor_dict *dict = read_model();
    dni_tensor_dict_remove(dict, index_of(dict, "classifier.3.bias"));
    expect_refusal(dict, DN_ERR_TENSOR_MISSING, "'classifier.3.bias'");
    dni_tensor_dict_free(dict);

    dict = read_model();
    dni_tensor_dict_remove(dict, index_of(dict, "classifier.0.weight"));
    expect_refusal(dict, DN_ERR_TENSOR_MISSING, "classifier.0.weight");
    dni_tensor_dict_free(dict);

    dict = read_model();
    void *data;
    dni_tensor_dict_remove(dict, index_of(dict, "classifier.3.weight"));
    assert_int_equal(dni_tensor_dict_allocate(dict, "classifier.3.weight", DNI_F32, 2,
                                              (const int64_t[]){6, 9}, &data, NULL),
                     DN_OK);
    expect_refusal(dict, DN_ERR_TENSOR_SHAPE, "'classifier.3.weight' is (6, 9), but gets 8 inputs");
    dni_tensor_dict_free(dict);

    dict = read_model();
    assert_int_equal(
        dni_tensor_dict_allocate(dict, "passenger", DNI_F32, 1, (const int64_t[]){1}, &data, NULL), DN_OK);
    expect_refusal(dict, DN_ERR_TENSOR_UNEXPECTED, "'passenger'");
    dni_tensor_dict_free(dict);

    dict = read_model();
    dni_tensor_dict_remove(dict, index_of(dict, "classifier.3.bias"));
    assert_int_equal(
        dni_tensor_dict_allocate(dict, "classifier.3.bias", DNI_F32, 1, (const int64_t[]){6}, &data, NULL),
        DN_OK);
    ((float *)data)[2] = NAN;
    expect_refusal(dict, DN_ERR_CORRUPT, "'classifier.3.bias'");
    dni_tensor_dict_free(dict);
}

static void test_missing_statistics_are_named_when_the_backbone_is_built(void **state) {
    (void)state;
    dni_tensor_dict *dict = read_model();
    dni_tensor_dict_remove(dict, index_of(dict, "features.norm5.running_var"));
    assert_int_equal(dni_safetensors_write(dict, other_path, NULL), DN_OK);
    dni_tensor_dict_free(dict);
    dn_classifier *classifier = load_classifier(other_path);
    dn_error error = {.message = ""};
    assert_int_equal(dn_classifier_attach(classifier, NULL, NULL, NULL, &error), DN_ERR_TENSOR_MISSING);
    assert_non_null(strstr(error.message, "'features.norm5.running_var'"));
    assert_non_null(strstr(error.message, other_path));
    dn_classifier_free(classifier);
}

/* Truncated and flipped files: an error or a sound model, never a crash (the sanitizers' build looks on). */
static void test_broken_files_do_no_harm(void **state) {
    (void)state;
    dni_file_content whole;
    assert_int_equal(dni_file_load(&whole, path, NULL), DN_OK);
    unsigned char *bytes = malloc(whole.size);
    assert_non_null(bytes);
    dni_rng rng = dni_rng_named(9, "flips");
    for (int trial = 0; trial < 400; trial++) {
        const int truncate = trial % 2;
        const size_t size = truncate ? (size_t)dni_rng_below(&rng, whole.size) : whole.size;
        memcpy(bytes, whole.data, size);
        if (!truncate) bytes[dni_rng_below(&rng, 4000)] ^= (unsigned char)(1 + dni_rng_below(&rng, 255));
        write_whole(other_path, bytes, size);
        dn_classifier *classifier;
        dn_error error = {.message = ""};
        const dn_status status = dn_classifier_load(&classifier, other_path, &error);
        if (truncate) assert_int_not_equal(status, DN_OK);
        if (status) {
            assert_null(classifier);
            assert_non_null(strstr(error.message, other_path));
        }
        dn_classifier_free(classifier);
    }
    free(bytes);
    dni_file_unload(&whole);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_was_saved_comes_back),
        cmocka_unit_test(test_saving_twice_gives_the_same_bytes),
        cmocka_unit_test(test_a_complete_file_predicts_alone_and_in_any_batch),
        cmocka_unit_test(test_the_backbone_is_made_with_the_models_options),
        cmocka_unit_test(test_evidence_is_gradient_times_map),
        cmocka_unit_test(test_prediction_without_a_backbone_is_refused),
        cmocka_unit_test(test_a_file_of_file_weights_wants_exactly_those),
        cmocka_unit_test(test_a_description_of_other_weights_is_not_saved),
        cmocka_unit_test(test_what_is_saved_loads_and_what_is_refused_leaves_the_file),
        cmocka_unit_test(test_a_head_of_numbers_that_are_not_finite_is_not_saved),
        cmocka_unit_test(test_weights_of_another_seed_are_not_saved_under_a_seed),
        cmocka_unit_test(test_as_many_classes_as_the_limit_are_read_in_a_moment),
        cmocka_unit_test(test_a_class_name_has_a_longest),
        cmocka_unit_test(test_wrong_metadata_is_named),
        cmocka_unit_test(test_classes_must_be_as_many_as_outputs),
        cmocka_unit_test(test_layers_must_fit_each_other),
        cmocka_unit_test(test_missing_statistics_are_named_when_the_backbone_is_built),
        cmocka_unit_test(test_broken_files_do_no_harm),
    };
    return cmocka_run_group_tests_name("classifier", tests, set_up, tear_down);
}
