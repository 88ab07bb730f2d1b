/* SPDX-License-Identifier: MIT */
/* What every public function does with a NULL pointer: the rule of core/status.h, function by function and
 * parameter by parameter. test/house/check_contract.sh finds a public function that is not here. */
#include "head/classifier/libdensenet.h"

#include "test/support/files.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { FEATURES = 8, CLASSES = 2, COUNT = 4, SIDE = 32 };

/* A network of the family's form that is small enough to be made in no time. */
static const dn_config tiny = {"tiny", 4, {1, 1, 1, 1}, 8, 4, 8};

static char *folder, path[600];
static dn_weights *weights;
static dn_model *model;
static dn_session *session;
static dn_head *head;
static dn_trainer *trainer;
static float inputs[COUNT * SIDE * SIDE * 3];
static float values[COUNT * FEATURES];
static float log_probabilities[COUNT * CLASSES];
static int labels[COUNT] = {0, 1, 0, 1};
static dn_features features = {.values = values, .labels = labels, .count = COUNT, .views = 1};

static dn_status status;
static dn_error error;

/* `call` is refused, and the message names the function and the parameter. */
#define REFUSED(call, parameter)                                                                             \
    do {                                                                                                     \
        error = (dn_error){.message = ""};                                                                   \
        status = call;                                                                                       \
        check_refused(#call, parameter);                                                                     \
    } while (0)

static void check_refused(const char *call, const char *parameter) {
    if (status != DN_ERR_ARGUMENT || error.status != status)
        fail_msg("%s: %s, not DN_ERR_ARGUMENT", call, dn_status_name(status));
    char expected[100];
    snprintf(expected, sizeof expected, "%.*s: %s is NULL", (int)strcspn(call, "("), call, parameter);
    if (!strstr(error.message, expected)) fail_msg("%s: '%s', not '%s'", call, error.message, expected);
}

/* `call` works with NULL for what may be NULL. */
#define TAKEN(call)                                                                                          \
    do {                                                                                                     \
        error = (dn_error){.message = ""};                                                                   \
        status = call;                                                                                       \
        if (status) fail_msg("%s: %s", #call, error.message);                                                \
    } while (0)

static void must(dn_status of) {
    if (of) fail_msg("%s", error.message);
}

static int set_up(void **state) {
    (void)state;
    folder = make_folder();
    snprintf(path, sizeof path, "%s/file", folder);
    for (size_t i = 0; i < sizeof inputs / sizeof *inputs; i++) inputs[i] = (float)(i % 17) / 17.0f;
    for (int i = 0; i < COUNT * FEATURES; i++) values[i] = (float)(i % 5);
    for (int i = 0; i < COUNT * CLASSES; i++) log_probabilities[i] = logf(0.5f);
    must(dn_weights_random(&weights, &tiny, 1, &error));
    must(dn_model_create(&model, weights, NULL, &error));
    dn_session_options options = dn_session_options_default();
    options.height = options.width = SIDE;
    options.threads = 1;
    must(dn_session_create(&session, model, &options, &error));
    must(dn_head_create(&head, FEATURES, CLASSES, NULL, &error));
    must(dn_trainer_create(&trainer, head, &features, &features, NULL, &error));
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    dn_trainer_free(trainer);
    dn_head_free(head);
    dn_session_free(session);
    dn_model_free(model);
    dn_weights_free(weights);
    remove_folder(folder);
    return 0;
}

static void test_pictures(void **state) {
    (void)state;
    dn_image image = {.rgb = (uint8_t *)1};
    uint8_t rgb[3 * 4] = {0};
    float *out = calloc(224 * 224 * 3, sizeof *out);
    assert_non_null(out);
    REFUSED(dn_image_load(NULL, path, &error), "out");
    REFUSED(dn_image_load(&image, NULL, &error), "path");
    assert_null(image.rgb);
    REFUSED(dn_image_decode(NULL, rgb, sizeof rgb, "a", &error), "out");
    REFUSED(dn_image_decode(&image, NULL, 1, "a", &error), "bytes");
    assert_int_equal(dn_image_decode(&image, rgb, sizeof rgb, NULL, &error), DN_ERR_IMAGE_UNSUPPORTED);
    dn_image_info info;
    REFUSED(dn_image_info_load(NULL, path, &error), "out");
    REFUSED(dn_image_info_load(&info, NULL, &error), "path");
    REFUSED(dn_image_info_decode(NULL, rgb, sizeof rgb, "a", &error), "out");
    REFUSED(dn_image_info_decode(&info, NULL, 1, "a", &error), "bytes");
    assert_int_equal(dn_image_info_decode(&info, rgb, sizeof rgb, NULL, &error), DN_ERR_IMAGE_UNSUPPORTED);
    dn_image_free(NULL);
    REFUSED(dn_image_turn_upright(NULL, &error), "image");
    image = (dn_image){.width = 2, .height = 2, .rgb = rgb};
    REFUSED(dn_image_to_input(NULL, NULL, 0, out, &error), "image");
    REFUSED(dn_image_to_input(&image, NULL, 0, NULL, &error), "out");
    TAKEN(dn_image_to_input(&image, NULL, 0, out, &error));
    const dn_pixels pixels = {.data = rgb, .width = 2, .height = 2, .format = DN_PIXELS_RGB, .stride = 6};
    REFUSED(dn_image_from_pixels(NULL, &pixels, &error), "out");
    REFUSED(dn_image_from_pixels(&image, NULL, &error), "pixels");
    assert_null(image.rgb);
    REFUSED(dn_pixels_to_input(NULL, NULL, 0, out, &error), "pixels");
    REFUSED(dn_pixels_to_input(&pixels, NULL, 0, NULL, &error), "out");
    TAKEN(dn_pixels_to_input(&pixels, NULL, 0, out, &error));
    REFUSED(dn_preprocessing_check(NULL, &error), "preprocessing");
    const dn_preprocessing preprocessing = dn_preprocessing_default();
    TAKEN(dn_preprocessing_check(&preprocessing, NULL));
    free(out);
}

static void test_weights(void **state) {
    (void)state;
    dn_weights *out = (dn_weights *)1;
    char hex[33] = "x";
    REFUSED(dn_weights_load(NULL, path, &error), "out");
    REFUSED(dn_weights_load(&out, NULL, &error), "path");
    assert_null(out);
    dn_weights_load_options_init(NULL, sizeof(dn_weights_load_options));
    const dn_weights_load_options load_options = dn_weights_load_options_default();
    REFUSED(dn_weights_load_with_options(NULL, path, &load_options, &error), "out");
    REFUSED(dn_weights_load_with_options(&out, NULL, NULL, &error), "path");
    out = (dn_weights *)1;
    REFUSED(dn_weights_load_memory(NULL, "x", 1, "m", NULL, &error), "out");
    REFUSED(dn_weights_load_memory(&out, NULL, 1, "m", NULL, &error), "bytes");
    assert_null(out);
    assert_int_equal(dn_weights_load_memory(&out, NULL, 0, NULL, NULL, &error), DN_ERR_TRUNCATED);
    REFUSED(dn_weights_random(NULL, &tiny, 1, &error), "out");
    REFUSED(dn_weights_random(&out, NULL, 1, &error), "config");
    REFUSED(dn_weights_calibrate(NULL, inputs, 1, SIDE, SIDE, NULL, &error), "weights");
    REFUSED(dn_weights_calibrate(weights, NULL, 1, SIDE, SIDE, NULL, &error), "inputs");
    dn_calibrate_options_init(NULL, sizeof(dn_calibrate_options));
    assert_null(dn_calibrate_options_default().on_progress);
    REFUSED(dn_weights_save(NULL, path, &error), "weights");
    REFUSED(dn_weights_save(weights, NULL, &error), "path");
    void *bytes = &bytes;
    size_t size = 7;
    REFUSED(dn_weights_save_memory(weights, NULL, &size, NULL, &error), "bytes");
    REFUSED(dn_weights_save_memory(weights, &bytes, NULL, NULL, &error), "size");
    REFUSED(dn_weights_save_memory(NULL, &bytes, &size, NULL, &error), "weights");
    assert_null(bytes);
    assert_null(dn_weights_config(NULL));
    assert_string_equal(dn_weights_notes(NULL), "");
    assert_string_equal(dn_weights_notes(weights), "");
    dn_weights_hash(weights, NULL);
    dn_weights_hash(NULL, hex);
    assert_string_equal(hex, "");
    dn_weights_free(NULL);
    assert_null(dn_config_find(NULL));
    assert_null(dn_config_at(-1));
    assert_null(dn_imagenet_class(-1));
}

static void test_model_and_session(void **state) {
    (void)state;
    dn_model *made = (dn_model *)1;
    dn_session *opened = (dn_session *)1;
    const dn_outputs nothing = {.features = NULL};
    const dn_model_options model_options = dn_model_options_default();
    size_t bytes;
    int height = 7, width = 7;
    REFUSED(dn_model_create(NULL, weights, &model_options, &error), "out");
    REFUSED(dn_model_create(&made, NULL, NULL, &error), "weights");
    assert_null(made);
    REFUSED(dn_model_load(NULL, "w", &model_options, &error), "out");
    REFUSED(dn_model_load(&made, NULL, NULL, &error), "path");
    assert_null(made);
    dn_model_options_init(NULL, sizeof model_options);
    dn_model_free(NULL);
    assert_null(dn_model_config(NULL));
    assert_string_equal(dn_model_hash(NULL), "");
    assert_false(dn_model_has_classifier(NULL));
    assert_int_equal(dn_model_size(NULL), 0);
    assert_int_equal(dn_model_precision(NULL), DN_PRECISION_FLOAT32);
    assert_int_equal(dn_model_memory(NULL), DN_MEMORY_FAST);
    assert_string_equal(dn_model_tier(NULL), "");
    assert_null(dn_model_convolution(NULL, 0));
    assert_null(dn_model_kernel(NULL, "features.conv0"));
    assert_null(dn_model_kernel(model, NULL));

    REFUSED(dn_session_create(NULL, model, NULL, &error), "out");
    REFUSED(dn_session_create(&opened, NULL, NULL, &error), "model");
    assert_null(opened);
    dn_session_options_init(NULL, sizeof(dn_session_options));
    dn_session_free(NULL);
    REFUSED(dn_session_plan(NULL, NULL, &bytes, &error), "model");
    REFUSED(dn_session_plan(model, NULL, NULL, &error), "bytes");
    TAKEN(dn_session_plan(model, NULL, &bytes, &error));
    assert_true(bytes > 0);
    assert_int_equal(dn_session_arena_size(NULL), 0);
    assert_int_equal(dn_session_threads(NULL), 0);
    assert_null(dn_session_model(NULL));
    assert_int_equal(dn_session_batch(NULL), 0);
    dn_session_input_size(session, NULL, &width);
    dn_session_input_size(session, &height, NULL);
    assert_true(height == 7 && width == 7);
    dn_session_input_size(NULL, &height, &width);
    assert_int_equal(height + width, 0);
    dn_session_map_size(session, NULL, &width);
    dn_session_map_size(session, &height, NULL);
    dn_session_map_size(NULL, &height, &width);
    assert_int_equal(height + width, 0);
    REFUSED(dn_session_forward(NULL, inputs, 1, &nothing, &error), "session");
    REFUSED(dn_session_forward(session, NULL, 1, &nothing, &error), "inputs");
    REFUSED(dn_session_forward(session, inputs, 1, NULL, &error), "outputs");
    TAKEN(dn_session_forward(session, inputs, 1, &nothing, &error));
    REFUSED(dn_session_forward_strided(NULL, inputs, 0, 1, &nothing, &error), "session");
    REFUSED(dn_session_forward_strided(session, NULL, 0, 1, &nothing, &error), "inputs");
    REFUSED(dn_session_forward_strided(session, inputs, 0, 1, NULL, &error), "outputs");
    TAKEN(dn_session_forward_strided(session, inputs, 0, 1, &nothing, &error));
}

/* An infinite or missing number in a picture is told, with its place, by every call that takes inputs. */
static void test_inputs_must_be_finite(void **state) {
    (void)state;
    const float bad[] = {NAN, INFINITY, -INFINITY};
    const dn_outputs nothing = {.features = NULL};
    const size_t place = ((size_t)SIDE * 5 + 9) * 3 + 2;
    const float before = inputs[place];
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        inputs[place] = bad[i];
        assert_int_equal(dn_session_forward(session, inputs, 1, &nothing, &error), DN_ERR_ARGUMENT);
        assert_non_null(strstr(error.message, "row 5, column 9, channel 2"));
        assert_int_equal(dn_weights_calibrate(weights, inputs, 1, SIDE, SIDE, NULL, &error), DN_ERR_ARGUMENT);
        assert_non_null(strstr(error.message, "image 0 holds"));
    }
    inputs[place] = before;
    TAKEN(dn_session_forward(session, inputs, 1, &nothing, &error));
}

static void test_head(void **state) {
    (void)state;
    dn_head *out = (dn_head *)1;
    float gradient[FEATURES];
    REFUSED(dn_head_create(NULL, FEATURES, CLASSES, NULL, &error), "out");
    const dn_head_options no_widths = {.struct_size = sizeof no_widths, .hidden_count = 1};
    REFUSED(dn_head_create(&out, FEATURES, CLASSES, &no_widths, &error), "options->hidden");
    assert_null(out);
    assert_int_equal(dn_head_options_default().hidden_count, 2);
    dn_head_options_init(NULL, sizeof no_widths);
    dn_head_free(NULL);
    assert_int_equal(dn_head_features(NULL), 0);
    assert_int_equal(dn_head_classes(NULL), 0);
    int count = 7;
    assert_null(dn_head_widths(NULL, &count));
    assert_int_equal(count, 0);
    assert_null(dn_head_widths(head, NULL));
    REFUSED(dn_head_clone(NULL, head, &error), "out");
    out = (dn_head *)1;
    REFUSED(dn_head_clone(&out, NULL, &error), "head");
    assert_null(out);
    const int sources[CLASSES] = {0};
    REFUSED(dn_head_with_classes(NULL, head, sources, CLASSES, &error), "out");
    out = (dn_head *)1;
    REFUSED(dn_head_with_classes(&out, NULL, sources, CLASSES, &error), "head");
    assert_null(out);
    REFUSED(dn_head_with_classes(&out, head, NULL, CLASSES, &error), "sources");
    REFUSED(dn_head_set_dropout(NULL, 0.5f, &error), "head");
    REFUSED(dn_head_log_probabilities(NULL, values, 1, log_probabilities, &error), "head");
    REFUSED(dn_head_log_probabilities(head, NULL, 1, log_probabilities, &error), "features");
    REFUSED(dn_head_log_probabilities(head, values, 1, NULL, &error), "out");
    TAKEN(dn_head_log_probabilities(head, NULL, 0, NULL, &error));
    REFUSED(dn_head_feature_gradient(NULL, values, 0, gradient, &error), "head");
    REFUSED(dn_head_feature_gradient(head, NULL, 0, gradient, &error), "features");
    REFUSED(dn_head_feature_gradient(head, values, 0, NULL, &error), "gradient");
}

static dn_status read_values(void *context, const size_t *vectors, size_t count, float *out,
                             dn_error *ignored) {
    (void)ignored;
    for (size_t i = 0; i < count; i++)
        memcpy(out + i * FEATURES, (const float *)context + vectors[i] * FEATURES, FEATURES * sizeof *out);
    return DN_OK;
}

static const dn_feature_rows rows = {
    .read = read_values, .context = values, .labels = labels, .count = COUNT, .views = 1};

static void test_training_on_rows(void **state) {
    (void)state;
    dn_trainer *out = (dn_trainer *)1;
    dn_novelty *novelty = (dn_novelty *)1;
    dn_train_options options = dn_train_options_adam();
    options.epochs = 1;
    REFUSED(dn_trainer_create_from_rows(NULL, head, &rows, &rows, NULL, &error), "out");
    REFUSED(dn_trainer_create_from_rows(&out, NULL, &rows, &rows, NULL, &error), "head");
    REFUSED(dn_trainer_create_from_rows(&out, head, NULL, &rows, NULL, &error), "train");
    REFUSED(dn_trainer_create_from_rows(&out, head, &rows, NULL, NULL, &error), "valid");
    assert_null(out);
    REFUSED(dn_head_train_from_rows(NULL, &rows, &rows, NULL, NULL, &error), "head");
    assert_int_equal(dn_head_train_from_rows(head, NULL, &rows, NULL, NULL, &error), DN_ERR_ARGUMENT);
    assert_int_equal(dn_head_train_from_rows(head, &rows, NULL, NULL, NULL, &error), DN_ERR_ARGUMENT);
    TAKEN(dn_head_train_from_rows(head, &rows, &rows, &options, NULL, NULL));
    REFUSED(dn_novelty_fit_from_rows(NULL, &rows, &rows, FEATURES, CLASSES, 1, &error), "out");
    REFUSED(dn_novelty_fit_from_rows(&novelty, NULL, &rows, FEATURES, CLASSES, 1, &error), "train");
    REFUSED(dn_novelty_fit_from_rows(&novelty, &rows, NULL, FEATURES, CLASSES, 1, &error), "valid");
    assert_null(novelty);
    TAKEN(dn_novelty_fit_from_rows(&novelty, &rows, &rows, FEATURES, CLASSES, 1, NULL));
    dn_novelty_free(novelty);
}

static void test_training(void **state) {
    (void)state;
    dn_trainer *out = (dn_trainer *)1;
    dn_epoch epoch;
    dn_features no_values = features, no_labels = features;
    no_values.values = NULL;
    no_labels.labels = NULL;
    dn_train_options options = dn_train_options_adam();
    options.epochs = 1;
    REFUSED(dn_trainer_create(NULL, head, &features, &features, NULL, &error), "out");
    REFUSED(dn_trainer_create(&out, NULL, &features, &features, NULL, &error), "head");
    REFUSED(dn_trainer_create(&out, head, NULL, &features, NULL, &error), "train");
    REFUSED(dn_trainer_create(&out, head, &features, NULL, NULL, &error), "valid");
    assert_null(out);
    assert_int_equal(dn_trainer_create(&out, head, &no_values, &features, NULL, &error), DN_ERR_ARGUMENT);
    assert_string_equal(error.message, "train: values is NULL");
    assert_int_equal(dn_trainer_create(&out, head, &features, &no_labels, NULL, &error), DN_ERR_ARGUMENT);
    assert_string_equal(error.message, "valid: labels is NULL");
    dn_trainer_free(NULL);
    assert_int_equal(dn_trainer_epochs(NULL), 0);
    assert_true(dn_trainer_is_done(NULL));
    REFUSED(dn_trainer_epoch(NULL, &epoch, &error), "trainer");
    REFUSED(dn_trainer_epoch(trainer, NULL, &error), "epoch");
    TAKEN(dn_trainer_epoch(trainer, &epoch, &error));
    REFUSED(dn_trainer_save(NULL, path, NULL, &error), "trainer");
    REFUSED(dn_trainer_save(trainer, NULL, NULL, &error), "path");
    TAKEN(dn_trainer_save(trainer, path, NULL, &error));
    REFUSED(dn_trainer_load(NULL, path, NULL, &error), "trainer");
    REFUSED(dn_trainer_load(trainer, NULL, NULL, &error), "path");
    TAKEN(dn_trainer_load(trainer, path, NULL, &error));
    REFUSED(dn_trainer_finish(NULL, head, NULL, &error), "trainer");
    REFUSED(dn_trainer_finish(trainer, NULL, NULL, &error), "head");
    TAKEN(dn_trainer_finish(trainer, head, NULL, &error));
    assert_int_equal(dn_head_train(NULL, &features, &features, NULL, NULL, &error), DN_ERR_ARGUMENT);
    assert_int_equal(dn_head_train(head, NULL, &features, NULL, NULL, &error), DN_ERR_ARGUMENT);
    assert_int_equal(dn_head_train(head, &features, NULL, NULL, NULL, &error), DN_ERR_ARGUMENT);
    TAKEN(dn_head_train(head, &features, &features, NULL, NULL, &error));
    TAKEN(dn_head_train(head, &features, &features, &options, NULL, NULL));
    assert_true(dn_train_options_default().epochs > 0);
    dn_train_options_init(NULL, sizeof options);
    dn_train_options_adam_init(NULL, sizeof options);
}

static void test_metrics(void **state) {
    (void)state;
    double low = 7, high = 7, one[CLASSES], two[CLASSES];
    int confusion[CLASSES * CLASSES] = {1, 0, 0, 1};
    dn_metrics metrics;
    dn_class_metrics of[CLASSES];
    dn_reliability reliability;
    dn_wilson_interval(1, 2, NULL, &high);
    dn_wilson_interval(1, 2, &low, NULL);
    assert_true(low == 7 && high == 7);
    dn_metrics_compute(NULL, log_probabilities, labels, COUNT, CLASSES, NULL);
    dn_metrics_compute(&metrics, NULL, labels, COUNT, CLASSES, confusion);
    assert_int_equal(metrics.correct, 0);
    dn_metrics_compute(&metrics, log_probabilities, NULL, COUNT, CLASSES, NULL);
    dn_class_metrics_compute(NULL, confusion, CLASSES);
    dn_class_metrics_compute(of, NULL, CLASSES);
    assert_true(isnan(dn_balanced_accuracy(NULL, CLASSES)));
    dn_reliability_compute(NULL, log_probabilities, labels, COUNT, CLASSES);
    dn_reliability_compute(&reliability, NULL, labels, COUNT, CLASSES);
    dn_reliability_compute(&reliability, log_probabilities, NULL, COUNT, CLASSES);
    assert_true(isnan(reliability.error));
    assert_true(isnan(dn_temperature_fit(NULL, labels, COUNT, CLASSES)));
    assert_true(isnan(dn_temperature_fit(log_probabilities, NULL, COUNT, CLASSES)));
    dn_temperature_apply(NULL, COUNT, CLASSES, 1.0, log_probabilities);
    dn_temperature_apply(log_probabilities, COUNT, CLASSES, 1.0, NULL);

    dn_ranking ranking = {.count = 7};
    dn_threshold threshold;
    REFUSED(dn_ranking_compute(NULL, log_probabilities, labels, COUNT, CLASSES, 0, &error), "out");
    REFUSED(dn_ranking_compute(&ranking, NULL, labels, COUNT, CLASSES, 0, &error), "log_probabilities");
    REFUSED(dn_ranking_compute(&ranking, log_probabilities, NULL, COUNT, CLASSES, 0, &error), "labels");
    assert_null(ranking.points);
    dn_ranking_free(NULL);
    assert_true(isnan(dn_ranking_roc_auc(NULL)));
    assert_true(isnan(dn_ranking_average_precision(NULL)));
    REFUSED(dn_ranking_all(NULL, two, log_probabilities, labels, COUNT, CLASSES, &error), "roc_auc");
    REFUSED(dn_ranking_all(one, NULL, log_probabilities, labels, COUNT, CLASSES, &error),
            "average_precision");
    assert_int_equal(dn_ranking_all(one, two, NULL, labels, COUNT, CLASSES, &error), DN_ERR_ARGUMENT);
    assert_int_equal(dn_ranking_all(one, two, log_probabilities, NULL, COUNT, CLASSES, &error),
                     DN_ERR_ARGUMENT);
    assert_true(isnan(dn_mean_defined(NULL, 1)));
    REFUSED(dn_threshold_fit(NULL, log_probabilities, labels, COUNT, &error), "out");
    assert_int_equal(dn_threshold_fit(&threshold, NULL, labels, COUNT, &error), DN_ERR_ARGUMENT);
    assert_int_equal(dn_threshold_fit(&threshold, log_probabilities, NULL, COUNT, &error), DN_ERR_ARGUMENT);
    dn_threshold_confusion(&threshold, log_probabilities, labels, COUNT, NULL);
    dn_threshold_confusion(NULL, log_probabilities, labels, COUNT, confusion);
    dn_threshold_confusion(&threshold, NULL, labels, COUNT, confusion);
    dn_threshold_confusion(&threshold, log_probabilities, NULL, COUNT, confusion);
    assert_int_equal(confusion[0] + confusion[3], 0);
}

static void test_sets(void **state) {
    (void)state;
    static const float probabilities[COUNT * CLASSES] = {0.9f, 0.1f, 0.2f, 0.8f, 0.6f, 0.4f, 0.3f, 0.7f};
    dn_conformal *conformal = (dn_conformal *)1;
    float thresholds[CLASSES];
    bool sets[CLASSES] = {true, true};
    REFUSED(dn_conformal_create(NULL, probabilities, labels, COUNT, CLASSES, &error), "out");
    REFUSED(dn_conformal_create(&conformal, NULL, labels, COUNT, CLASSES, &error), "probabilities");
    REFUSED(dn_conformal_create(&conformal, probabilities, NULL, COUNT, CLASSES, &error), "labels");
    assert_null(conformal);
    TAKEN(dn_conformal_create(&conformal, probabilities, labels, COUNT, CLASSES, &error));
    dn_conformal_free(NULL);
    assert_int_equal(dn_conformal_classes(NULL), 0);
    assert_int_equal(dn_conformal_count(NULL, -1), 0);
    assert_int_equal(dn_conformal_needed(0.5), 1);
    REFUSED(dn_conformal_thresholds(NULL, 0.5, false, thresholds, &error), "conformal");
    REFUSED(dn_conformal_thresholds(conformal, 0.5, false, NULL, &error), "thresholds");
    TAKEN(dn_conformal_thresholds(conformal, 0.5, false, thresholds, NULL));
    dn_conformal_sets(NULL, probabilities, 1, CLASSES, sets);
    dn_conformal_sets(thresholds, NULL, 1, CLASSES, sets);
    dn_conformal_sets(thresholds, probabilities, 1, CLASSES, NULL);
    assert_true(sets[0] && sets[1]);
    dn_conformal_free(conformal);
}

static void test_novelty(void **state) {
    (void)state;
    dn_novelty *novelty = (dn_novelty *)1;
    double percentile;
    REFUSED(dn_novelty_fit(NULL, &features, &features, FEATURES, CLASSES, 1, &error), "out");
    REFUSED(dn_novelty_fit(&novelty, NULL, &features, FEATURES, CLASSES, 1, &error), "train");
    REFUSED(dn_novelty_fit(&novelty, &features, NULL, FEATURES, CLASSES, 1, &error), "valid");
    assert_null(novelty);
    TAKEN(dn_novelty_fit(&novelty, &features, &features, FEATURES, CLASSES, 1, &error));
    dn_novelty_free(NULL);
    assert_int_equal(dn_novelty_features(NULL), 0);
    assert_int_equal(dn_novelty_pictures(NULL), 0);
    assert_int_equal(dn_novelty_size(NULL), 0);
    REFUSED(dn_novelty_score(NULL, values, 1, NULL, &percentile, &error), "novelty");
    REFUSED(dn_novelty_score(novelty, NULL, 1, NULL, &percentile, &error), "features");
    TAKEN(dn_novelty_score(novelty, NULL, 0, NULL, NULL, &error));
    TAKEN(dn_novelty_score(novelty, values, 1, NULL, NULL, &error));
    dn_novelty_free(novelty);
}

static void test_picture_keys(void **state) {
    (void)state;
    dn_picture_key key = {.look = 1};
    dn_picture_match match = DN_PICTURE_SAME;
    REFUSED(dn_picture_key_of_file(NULL, path, &error), "out");
    REFUSED(dn_picture_key_of_file(&key, NULL, &error), "path");
    assert_int_equal(dn_picture_keys_find(NULL, 1, &key, &match), -1);
    assert_int_equal(match, DN_PICTURE_UNKNOWN);
    assert_int_equal(dn_picture_keys_find(&key, 1, NULL, NULL), -1);
    assert_int_equal(dn_picture_keys_find(&key, 1, &key, NULL), 0);

    dn_picture_index *index = NULL;
    REFUSED(dn_picture_index_create(NULL, &key, 1, &error), "out");
    REFUSED(dn_picture_index_create(&index, NULL, 1, &error), "keys");
    TAKEN(dn_picture_index_create(&index, NULL, 0, &error));
    assert_int_equal(dn_picture_index_find(index, &key, &match), -1);
    dn_picture_index_free(index);
    TAKEN(dn_picture_index_create(&index, &key, 1, NULL));
    assert_int_equal(dn_picture_index_find(NULL, &key, &match), -1);
    assert_int_equal(match, DN_PICTURE_UNKNOWN);
    assert_int_equal(dn_picture_index_find(index, NULL, NULL), -1);
    assert_int_equal(dn_picture_index_find(index, &key, NULL), 0);
    dn_picture_index_free(index);
    dn_picture_index_free(NULL);
}

/* A classifier on a member of the family, the only kind that has a file. */
static void test_classifier(void **state) {
    (void)state;
    static float crop[SIDE * SIDE * 3];
    static uint8_t rgb[SIDE * SIDE * 3];
    dn_weights *real = NULL;
    dn_head *real_head = NULL;
    dn_classifier *classifier = (dn_classifier *)1;
    char hash[33];
    const dn_image image = {.width = SIDE, .height = SIDE, .rgb = rgb};
    int class_index = -1, height = 7, width = 7;
    float evidence[1], probabilities[CLASSES];
    for (int i = 0; i < SIDE * SIDE * 3; i++) crop[i] = (float)(i % 13) / 13.0f;
    must(dn_weights_random(&real, dn_config_find("densenet121"), 1, &error));
    must(dn_weights_calibrate(real, crop, 1, SIDE, SIDE, NULL, &error));
    dn_weights_hash(real, hash);
    must(dn_head_create(&real_head, 1024, CLASSES, NULL, &error));
    const dn_classifier_info info = {
        .struct_size = sizeof info,
        .backbone = "densenet121",
        .weights_source = "random:1",
        .weights_hash = hash,
        .class_count = CLASSES,
        .classes = (const char *const[]){"a", "b"},
        .preprocessing = {.resize = SIDE, .crop = SIDE, .std = {1.0f, 1.0f, 1.0f}},
        .recipe = "{}",
        .metrics = "{}",
    };
    dn_classifier_info_init(NULL, sizeof info);
    assert_string_equal(dn_classifier_info_default().recipe, "{}");
    REFUSED(dn_classifier_save(NULL, real_head, &info, real, &error), "path");
    REFUSED(dn_classifier_save(path, NULL, &info, real, &error), "head");
    REFUSED(dn_classifier_save(path, real_head, NULL, real, &error), "info");
    REFUSED(dn_classifier_save(path, real_head, &info, NULL, &error), "weights");
    const size_t texts[] = {
        offsetof(dn_classifier_info, backbone),     offsetof(dn_classifier_info, weights_source),
        offsetof(dn_classifier_info, weights_hash), offsetof(dn_classifier_info, classes),
        offsetof(dn_classifier_info, recipe),       offsetof(dn_classifier_info, metrics)};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        dn_classifier_info without = info;
        memset((char *)&without + texts[i], 0, sizeof(void *));
        assert_int_equal(dn_classifier_save(path, real_head, &without, real, &error), DN_ERR_ARGUMENT);
        assert_non_null(strstr(error.message, " is NULL"));
    }
    TAKEN(dn_classifier_save(path, real_head, &info, real, &error));
    void *bytes = &bytes;
    size_t size = 7;
    REFUSED(dn_classifier_save_memory(NULL, &size, real_head, &info, real, NULL, &error), "bytes");
    REFUSED(dn_classifier_save_memory(&bytes, NULL, real_head, &info, real, NULL, &error), "size");
    REFUSED(dn_classifier_save_memory(&bytes, &size, NULL, &info, real, NULL, &error), "head");
    REFUSED(dn_classifier_save_memory(&bytes, &size, real_head, NULL, real, NULL, &error), "info");
    REFUSED(dn_classifier_save_memory(&bytes, &size, real_head, &info, NULL, NULL, &error), "weights");
    assert_null(bytes);
    TAKEN(dn_classifier_save_memory(&bytes, &size, real_head, &info, real, NULL, &error));
    REFUSED(dn_classifier_load_memory(NULL, bytes, size, "m", &error), "out");
    REFUSED(dn_classifier_load_memory(&classifier, NULL, size, "m", &error), "bytes");
    assert_null(classifier);
    assert_int_equal(dn_classifier_load_memory(&classifier, NULL, 0, NULL, &error), DN_ERR_TRUNCATED);
    TAKEN(dn_classifier_load_memory(&classifier, bytes, size, NULL, &error));
    dn_classifier_free(classifier);
    classifier = (dn_classifier *)1;
    free(bytes);

    REFUSED(dn_classifier_load(NULL, path, &error), "out");
    REFUSED(dn_classifier_load(&classifier, NULL, &error), "path");
    assert_null(classifier);
    dn_classifier_free(NULL);
    assert_null(dn_classifier_get_info(NULL));
    assert_null(dn_classifier_get_head(NULL));
    assert_null(dn_classifier_get_session(NULL));
    assert_false(dn_classifier_is_complete(NULL));
    TAKEN(dn_classifier_load(&classifier, path, &error));
    dn_classifier_map_size(classifier, &height, &width); /* without a backbone */
    assert_int_equal(height + width, 0);
    assert_int_equal(dn_classifier_predict(classifier, &image, 1, probabilities, &error), DN_ERR_ARGUMENT);
    assert_non_null(strstr(error.message, "no backbone"));
    REFUSED(dn_classifier_attach(NULL, NULL, NULL, NULL, &error), "classifier");
    dn_model *shared = (dn_model *)1;
    dn_classifier *second = (dn_classifier *)1;
    REFUSED(dn_classifier_share(NULL, classifier, &error), "out");
    REFUSED(dn_classifier_share(&second, NULL, &error), "original");
    assert_null(second);
    REFUSED(dn_classifier_create_model(NULL, classifier, NULL, NULL, &error), "out");
    REFUSED(dn_classifier_create_model(&shared, NULL, NULL, NULL, &error), "classifier");
    assert_null(shared);
    TAKEN(dn_classifier_create_model(&shared, classifier, NULL, NULL, &error));
    REFUSED(dn_classifier_attach_model(NULL, shared, NULL, &error), "classifier");
    REFUSED(dn_classifier_attach_model(classifier, NULL, NULL, &error), "model");
    TAKEN(dn_classifier_attach_model(classifier, shared, NULL, &error));
    TAKEN(dn_classifier_attach(classifier, NULL, NULL, NULL, &error));
    dn_model_free(shared);
    dn_classifier_map_size(classifier, NULL, &width);
    dn_classifier_map_size(classifier, &height, NULL);
    dn_classifier_map_size(NULL, &height, &width);
    REFUSED(dn_classifier_predict(NULL, &image, 1, probabilities, &error), "classifier");
    REFUSED(dn_classifier_predict(classifier, NULL, 1, probabilities, &error), "images");
    REFUSED(dn_classifier_predict(classifier, &image, 1, NULL, &error), "probabilities");
    TAKEN(dn_classifier_predict(classifier, NULL, 0, NULL, &error));
    const dn_judgements nothing = {.probabilities = NULL};
    REFUSED(dn_classifier_judge(NULL, &image, 1, &nothing, &error), "classifier");
    REFUSED(dn_classifier_judge(classifier, NULL, 1, &nothing, &error), "images");
    REFUSED(dn_classifier_judge(classifier, &image, 1, NULL, &error), "out");
    TAKEN(dn_classifier_judge(classifier, &image, 1, &nothing, &error));
    REFUSED(dn_classifier_explain(NULL, &image, &class_index, evidence, NULL, &error), "classifier");
    REFUSED(dn_classifier_explain(classifier, NULL, &class_index, evidence, NULL, &error), "image");
    REFUSED(dn_classifier_explain(classifier, &image, NULL, evidence, NULL, &error), "class_index");
    REFUSED(dn_classifier_explain(classifier, &image, &class_index, NULL, NULL, &error), "evidence");
    TAKEN(dn_classifier_explain(classifier, &image, &class_index, evidence, NULL, NULL));
    dn_classifier_free(classifier);
    dn_head_free(real_head);
    dn_weights_free(real);
}

static void test_version(void **state) {
    (void)state;
    int major, minor, patch;
    assert_int_equal(sscanf(dn_version(), "%d.%d.%d", &major, &minor, &patch), 3);
    assert_int_equal(dn_version_number(), major * 10000 + minor * 100 + patch);
    assert_int_equal(dn_version_number(), DN_VERSION_NUMBER);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pictures),
        cmocka_unit_test(test_weights),
        cmocka_unit_test(test_model_and_session),
        cmocka_unit_test(test_inputs_must_be_finite),
        cmocka_unit_test(test_head),
        cmocka_unit_test(test_training),
        cmocka_unit_test(test_training_on_rows),
        cmocka_unit_test(test_metrics),
        cmocka_unit_test(test_sets),
        cmocka_unit_test(test_novelty),
        cmocka_unit_test(test_picture_keys),
        cmocka_unit_test(test_classifier),
        cmocka_unit_test(test_version),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
