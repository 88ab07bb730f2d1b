/* SPDX-License-Identifier: MIT */
/* Every call that takes options, with the sizes that an older and a newer program give them. */
#include "head/classifier/libdensenet.h"

#include "test/support/files.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { FEATURES = 1024, CLASSES = 2, SIDE = 32 };

static char *folder, path[600];
static dn_weights *weights;
static dn_model *model;
static dn_head *head;
static dn_classifier *classifier;
static dn_classifier_info info;
static char hash[33];
static float values[2 * FEATURES];
static int labels[2] = {0, 1};
static const dn_features features = {.values = values, .labels = labels, .count = 2, .views = 1};
static dn_error error;

static void must(dn_status of) {
    if (of) fail_msg("%s", error.message);
}

static int set_up(void **state) {
    (void)state;
    static const char *const classes[] = {"a", "b"};
    folder = make_folder();
    snprintf(path, sizeof path, "%s/model.safetensors", folder);
    for (int i = 0; i < 2 * FEATURES; i++) values[i] = (float)(i % 7);
    must(dn_weights_random(&weights, dn_config_find("densenet121"), 1, &error));
    must(dn_model_create(&model, weights, NULL, &error));
    must(dn_head_create(&head, FEATURES, CLASSES, NULL, &error));
    dn_weights_hash(weights, hash);
    info = dn_classifier_info_default();
    info.backbone = "densenet121";
    info.weights_source = "random:1";
    info.weights_hash = hash;
    info.class_count = CLASSES;
    info.classes = classes;
    info.preprocessing.resize = info.preprocessing.crop = SIDE;
    must(dn_classifier_save(path, head, &info, weights, &error));
    must(dn_classifier_load(&classifier, path, &error));
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    dn_classifier_free(classifier);
    dn_head_free(head);
    dn_model_free(model);
    dn_weights_free(weights);
    remove_folder(folder);
    return 0;
}

/* ---- the calls, each with options of whatever size ---- */

static dn_status create_head(const void *options) {
    dn_head *out;
    const dn_status status = dn_head_create(&out, FEATURES, CLASSES, options, &error);
    dn_head_free(out);
    return status;
}

static dn_status train_head(const void *options) {
    return dn_head_train(head, &features, &features, options, NULL, &error);
}

static dn_status create_trainer(const void *options) {
    dn_trainer *out;
    const dn_status status = dn_trainer_create(&out, head, &features, &features, options, &error);
    dn_trainer_free(out);
    return status;
}

static dn_status calibrate(const void *options) {
    static float inputs[SIDE * SIDE * 3] = {0.5f};
    dn_weights *drawn;
    dn_status status = dn_weights_random(&drawn, dn_config_find("densenet121"), 1, &error);
    if (!status) status = dn_weights_calibrate(drawn, inputs, 1, SIDE, SIDE, options, &error);
    dn_weights_free(drawn);
    return status;
}

static dn_status create_model(const void *options) {
    dn_model *out;
    const dn_status status = dn_model_create(&out, weights, options, &error);
    dn_model_free(out);
    return status;
}

static dn_status create_classifiers_model(const void *options) {
    dn_model *out;
    const dn_status status = dn_classifier_create_model(&out, classifier, NULL, options, &error);
    dn_model_free(out);
    return status;
}

static dn_status attach_with_model_options(const void *options) {
    return dn_classifier_attach(classifier, weights, options, NULL, &error);
}

static dn_status plan_session(const void *options) {
    size_t bytes;
    return dn_session_plan(model, options, &bytes, &error);
}

static dn_status create_session(const void *options) {
    dn_session *out;
    const dn_status status = dn_session_create(&out, model, options, &error);
    dn_session_free(out);
    return status;
}

static dn_status attach_with_session_options(const void *options) {
    return dn_classifier_attach(classifier, weights, NULL, options, &error);
}

static dn_status attach_model(const void *options) {
    return dn_classifier_attach_model(classifier, model, options, &error);
}

static dn_status save(const void *described) {
    return dn_classifier_save(path, head, described, weights, &error);
}

static dn_status save_to_memory(const void *described) {
    void *bytes;
    size_t size;
    const dn_status status = dn_classifier_save_memory(&bytes, &size, head, described, weights, NULL, &error);
    free(bytes);
    return status;
}

static dn_status load_weights(const void *options) {
    dn_weights *out;
    char weights_path[700];
    snprintf(weights_path, sizeof weights_path, "%s.weights", path);
    must(dn_weights_save(weights, weights_path, &error));
    const dn_status status = dn_weights_load_with_options(&out, weights_path, options, &error);
    dn_weights_free(out);
    return status;
}

static dn_status load_weights_from_memory(const void *options) {
    dn_weights *out;
    void *bytes;
    size_t size;
    must(dn_weights_save_memory(weights, &bytes, &size, NULL, &error));
    const dn_status status = dn_weights_load_memory(&out, bytes, size, NULL, options, &error);
    dn_weights_free(out);
    free(bytes);
    return status;
}

/* Options of a newer program: this library's, with more behind them. */
typedef struct longer {
    union {
        size_t struct_size;
        dn_head_options head;
        dn_train_options train;
        dn_calibrate_options calibrate;
        dn_model_options model;
        dn_session_options session;
        dn_weights_load_options load;
        dn_classifier_info info;
        unsigned char bytes[sizeof(dn_train_options) + sizeof(dn_classifier_info) + 16];
    } options;
} longer;

static void check(dn_status (*call)(const void *options), const char *type, longer given) {
    char expected[64];
    const size_t size = given.options.struct_size;
    must(call(&given));

    const size_t wrong[] = {0, sizeof(size_t), size - 1};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        given.options.struct_size = wrong[i];
        assert_int_equal(call(&given), DN_ERR_ARGUMENT);
        snprintf(expected, sizeof expected, "%s: struct_size is %zu,", type, wrong[i]);
        if (!strstr(error.message, expected)) fail_msg("'%s', not '%s'", error.message, expected);
    }

    given.options.struct_size = size + 8;
    must(call(&given));
    given.options.bytes[size + 7] = 1;
    assert_int_equal(call(&given), DN_ERR_UNSUPPORTED);
    snprintf(expected, sizeof expected, "%s: byte %zu of %zu is set", type, size + 7, size + 8);
    if (!strstr(error.message, expected)) fail_msg("'%s', not '%s'", error.message, expected);
}

static void test_options_of_other_sizes(void **state) {
    (void)state;
    longer given = {.options.bytes = {0}};
    given.options.head = dn_head_options_default();
    check(create_head, "dn_head_options", given);

    given = (longer){.options.bytes = {0}};
    given.options.train = dn_train_options_adam();
    given.options.train.epochs = 1;
    check(create_trainer, "dn_train_options", given);
    check(train_head, "dn_train_options", given);

    given = (longer){.options.bytes = {0}};
    given.options.calibrate = dn_calibrate_options_default();
    check(calibrate, "dn_calibrate_options", given);

    given = (longer){.options.bytes = {0}};
    given.options.model = dn_model_options_default();
    check(create_model, "dn_model_options", given);
    check(create_classifiers_model, "dn_model_options", given);
    check(attach_with_model_options, "dn_model_options", given);

    given = (longer){.options.bytes = {0}};
    given.options.session = dn_session_options_default();
    check(plan_session, "dn_session_options", given);
    check(create_session, "dn_session_options", given);
    check(attach_with_session_options, "dn_session_options", given);
    check(attach_model, "dn_session_options", given);

    given = (longer){.options.bytes = {0}};
    given.options.info = info;
    check(save, "dn_classifier_info", given);
    check(save_to_memory, "dn_classifier_info", given);

    given = (longer){.options.bytes = {0}};
    given.options.load = dn_weights_load_options_default();
    check(load_weights, "dn_weights_load_options", given);
    check(load_weights_from_memory, "dn_weights_load_options", given);
}

static void test_getters_tell_the_librarys_size(void **state) {
    (void)state;
    assert_int_equal(dn_classifier_get_info(classifier)->struct_size, sizeof(dn_classifier_info));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_options_of_other_sizes),
        cmocka_unit_test(test_getters_tell_the_librarys_size),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
