/* SPDX-License-Identifier: MIT */
/* What is told of many pictures: features and log-probabilities beside probabilities, a status for each, and
 * how far it is. */
#include "core/rng.h"
#include "head/classifier/classifier.h"
#include "head/mlp.h"
#include "test/support/files.h"

#include <cblas.h>
#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { FEATURES = 1024, CLASSES = 3, CROP = 32, IMAGE = CROP * CROP * 3, PICTURES = 7, BATCH = 3 };
enum { THIN = 100000 }; /* high, at a width of 1: resizing it would pass the limit of pixels */

static char *folder, path[600];
static dn_classifier *classifier;
static uint8_t pixels[PICTURES][IMAGE], thin_pixels[THIN * 3];
static dn_image pictures[PICTURES];

/* Of every picture, by the parts of which a classifier is made. */
static float features[PICTURES * FEATURES], log_probabilities[PICTURES * CLASSES];
static double percentiles[PICTURES];

static void must(dn_status status, const dn_error *error) {
    if (status) fail_msg("%s", error->message);
}

/* Of a model of the weights that have this hash. */
static dn_classifier_info info_of(const char *hash) {
    static const char *const names[CLASSES] = {"a", "b", "c"};
    dn_classifier_info info = dn_classifier_info_default();
    info.preprocessing.resize = info.preprocessing.crop = CROP;
    info.backbone = "densenet121";
    info.weights_source = "random:3";
    info.weights_hash = hash;
    info.class_count = CLASSES;
    info.classes = names;
    return info;
}

static void make_pictures(const dn_preprocessing *preprocessing, float *inputs) {
    dni_rng rng = dni_rng_named(1, "pictures");
    for (int i = 0; i < PICTURES; i++) {
        for (int j = 0; j < IMAGE; j++) pixels[i][j] = (uint8_t)dni_rng_below(&rng, 256);
        pictures[i] = (dn_image){.width = CROP, .height = CROP, .rgb = pixels[i]};
        assert_int_equal(dn_image_to_input(&pictures[i], preprocessing, 0, inputs + i * IMAGE, NULL), DN_OK);
    }
}

static void compute_features(const dn_weights *weights, const float *inputs) {
    dn_model *model;
    dn_session *session;
    dn_error error;
    dn_session_options options = dn_session_options_default();
    options.batch = PICTURES;
    options.height = options.width = CROP;
    must(dn_model_create(&model, weights, NULL, &error), &error);
    must(dn_session_create(&session, model, &options, &error), &error);
    must(dn_session_forward(session, inputs, PICTURES, &(dn_outputs){.features = features}, &error), &error);
    dn_session_free(session);
    dn_model_free(model);
}

static int set_up(void **state) {
    (void)state;
    static float inputs[PICTURES * IMAGE];
    static const int labels[PICTURES] = {0, 1, 2, 0, 1, 2, 0};
    openblas_set_num_threads(1);
    folder = make_folder();
    snprintf(path, sizeof path, "%s/m.safetensors", folder);
    char hash[33] = "";
    dn_classifier_info info = info_of(hash); /* which is written below */
    make_pictures(&info.preprocessing, inputs);

    dn_weights *weights;
    dn_head *head;
    dn_novelty *novelty;
    dn_error error;
    must(dn_weights_random(&weights, dn_config_find("densenet121"), 3, &error), &error);
    must(dn_weights_calibrate(weights, inputs, PICTURES, CROP, CROP, NULL, &error), &error);
    compute_features(weights, inputs);
    must(dn_head_create(&head, FEATURES, CLASSES, NULL, &error), &error);
    must(dn_head_log_probabilities(head, features, PICTURES, log_probabilities, &error), &error);
    const dn_features set = {.values = features, .labels = labels, .count = PICTURES, .views = 1};
    must(dn_novelty_fit(&novelty, &set, &set, FEATURES, CLASSES, 1, &error), &error);
    must(dn_novelty_score(novelty, features, PICTURES, NULL, percentiles, &error), &error);

    dn_weights_hash(weights, hash);
    info.novelty = novelty;
    must(dn_classifier_save(path, head, &info, weights, &error), &error);
    must(dn_classifier_load(&classifier, path, &error), &error);
    dn_session_options options = dn_session_options_default();
    options.batch = BATCH;
    options.threads = 2;
    must(dn_classifier_attach(classifier, NULL, NULL, &options, &error), &error);
    dn_novelty_free(novelty);
    dn_head_free(head);
    dn_weights_free(weights);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    dn_classifier_free(classifier);
    remove_folder(folder);
    return 0;
}

/* Room for all that can be told. */
static struct room {
    float probabilities[PICTURES * CLASSES], log_probabilities[PICTURES * CLASSES];
    float features[PICTURES * FEATURES];
    double unfamiliarity[PICTURES];
    dn_status statuses[PICTURES];
} room;

static dn_judgements everything(void) {
    memset(&room, 0x55, sizeof room); /* no number of a picture's */
    return (dn_judgements){.probabilities = room.probabilities,
                           .unfamiliarity = room.unfamiliarity,
                           .log_probabilities = room.log_probabilities,
                           .features = room.features,
                           .statuses = room.statuses};
}

static void assert_close(double a, double b, double tolerance) {
    if (!(fabs(a - b) <= tolerance)) fail_msg("%.9g is not %.9g", a, b);
}

/* Row `i` is that of picture `of`. Products of other numbers of rows may be rounded otherwise by BLAS. */
static void assert_row(int i, int of) {
    assert_int_equal(room.statuses[i], DN_OK);
    assert_memory_equal(room.features + i * FEATURES, features + of * FEATURES, FEATURES * sizeof *features);
    for (int c = 0; c < CLASSES; c++) {
        const double expected = (double)log_probabilities[of * CLASSES + c];
        assert_close((double)room.log_probabilities[i * CLASSES + c], expected, 1e-5);
        assert_close((double)room.probabilities[i * CLASSES + c], exp(expected), 1e-5);
    }
    assert_close(room.unfamiliarity[i], percentiles[of], 1e-9);
}

static void assert_no_row(int i, dn_status status) {
    assert_int_equal(room.statuses[i], status);
    for (int f = 0; f < FEATURES; f++) assert_true(isnan(room.features[i * FEATURES + f]));
    for (int c = 0; c < CLASSES; c++)
        assert_true(isnan(room.probabilities[i * CLASSES + c]) &&
                    isnan(room.log_probabilities[i * CLASSES + c]));
    assert_true(isnan(room.unfamiliarity[i]));
}

static void test_all_that_can_be_told_is_told_in_one_pass(void **state) {
    (void)state;
    dn_error error;
    const dn_judgements out = everything();
    must(dn_classifier_judge(classifier, pictures, PICTURES, &out, &error), &error);
    for (int i = 0; i < PICTURES; i++) assert_row(i, i);
}

static void test_what_is_not_asked_for_changes_nothing(void **state) {
    (void)state;
    static float alone[PICTURES * CLASSES];
    const dn_judgements out = everything();
    assert_int_equal(dn_classifier_judge(classifier, pictures, PICTURES, &out, NULL), DN_OK);
    const dn_judgements one = {.log_probabilities = alone};
    assert_int_equal(dn_classifier_judge(classifier, pictures, PICTURES, &one, NULL), DN_OK);
    assert_memory_equal(alone, room.log_probabilities, sizeof alone);
    assert_int_equal(dn_classifier_predict(classifier, pictures, PICTURES, alone, NULL), DN_OK);
    assert_memory_equal(alone, room.probabilities, sizeof alone);
}

/* Whichever pictures are bad: at the beginning of a batch, at its end, all of it. */
static void test_a_bad_picture_has_its_own_status_and_the_others_are_judged(void **state) {
    (void)state;
    const dn_image thin = {.width = 1, .height = THIN, .rgb = thin_pixels}, empty = {.width = 3};
    for (unsigned bad = 0; bad < 1u << PICTURES; bad++) {
        dn_image mixed[PICTURES];
        dn_error error = {.message = ""};
        for (int i = 0; i < PICTURES; i++)
            mixed[i] = !(bad >> i & 1) ? pictures[PICTURES - 1 - i] : i % 2 ? thin : empty;
        const dn_judgements out = everything();
        must(dn_classifier_judge(classifier, mixed, PICTURES, &out, &error), &error);
        for (int i = 0; i < PICTURES; i++) {
            if (bad >> i & 1)
                assert_no_row(i, i % 2 ? DN_ERR_IMAGE_UNSUPPORTED : DN_ERR_ARGUMENT);
            else
                assert_row(i, PICTURES - 1 - i);
        }
    }
}

static void test_without_statuses_a_bad_picture_ends_the_call(void **state) {
    (void)state;
    dn_image mixed[PICTURES];
    dn_error error;
    float probabilities[PICTURES * CLASSES];
    memcpy(mixed, pictures, sizeof mixed);
    mixed[5] = (dn_image){.width = 1, .height = THIN, .rgb = thin_pixels};
    mixed[6] = (dn_image){.width = 3};
    assert_int_equal(dn_classifier_predict(classifier, mixed, PICTURES, probabilities, &error),
                     DN_ERR_IMAGE_UNSUPPORTED);
    assert_non_null(strstr(error.message, "picture 5: picture of 1 x 100000 pixels: too long and thin"));
}

/* A classifier of a model file with this head, at `crop` pixels. */
static dn_classifier *open_with(const dn_head *head, const dn_weights *weights, int crop) {
    char own_path[600], hash[33];
    dn_error error;
    dn_classifier *made;
    snprintf(own_path, sizeof own_path, "%s/own.safetensors", folder);
    dn_weights_hash(weights, hash);
    dn_classifier_info info = info_of(hash);
    info.preprocessing.resize = info.preprocessing.crop = crop;
    must(dn_classifier_save(own_path, head, &info, weights, &error), &error);
    must(dn_classifier_load(&made, own_path, &error), &error);
    must(dn_classifier_attach(made, NULL, NULL, NULL, &error), &error);
    return made;
}

/* As a training that went astray leaves a head, or somebody who writes files. */
static void test_a_head_that_gives_no_numbers_is_told_with_its_file(void **state) {
    (void)state;
    char message[700];
    snprintf(message, sizeof message,
             "%s/own.safetensors: probabilities of row 0 are not finite: the head's weights are too large",
             folder);
    dn_weights *weights;
    dn_head *head;
    dn_error error;
    must(dn_weights_random(&weights, dn_config_find("densenet121"), 3, &error), &error);
    must(dn_head_create(&head, FEATURES, CLASSES, NULL, &error), &error);
    for (size_t i = 0; i < head->parameter_count; i++) head->parameters[i] = FLT_MAX;
    dn_classifier *broken = open_with(head, weights, CROP);
    float probabilities[CLASSES], evidence[1];
    int class_index = -1;
    assert_int_equal(dn_classifier_predict(broken, pictures, 1, probabilities, &error), DN_ERR_OVERFLOW);
    assert_string_equal(error.message, message);
    assert_int_equal(dn_classifier_explain(broken, pictures, &class_index, evidence, NULL, &error),
                     DN_ERR_OVERFLOW);
    assert_string_equal(error.message, message);
    dn_classifier_free(broken);
    dn_head_free(head);
    dn_weights_free(weights);
}

/* The logit is the mean over the places, of which some are above it: weights with which the one is finite and
 * the others are not. */
static void test_evidence_that_is_too_large_is_told(void **state) {
    (void)state;
    enum { WIDE = 64, PLACES = 4 };
    static uint8_t rgb[WIDE * WIDE * 3]; /* a grey half and one of noise */
    static float seen[FEATURES];
    const dn_image picture = {.width = WIDE, .height = WIDE, .rgb = rgb};
    dni_rng rng = dni_rng_named(1, "halves");
    for (size_t i = 0; i < sizeof rgb; i++)
        rgb[i] = i < sizeof rgb / 2 ? 128 : (uint8_t)dni_rng_below(&rng, 256);
    const dn_head_options linear = {.struct_size = sizeof linear, .hidden_count = 0, .seed = 1};
    dn_weights *weights;
    dn_head *head;
    dn_error error;
    must(dn_weights_random(&weights, dn_config_find("densenet121"), 3, &error), &error);
    must(dn_head_create(&head, FEATURES, CLASSES, &linear, &error), &error);
    dn_classifier *first = open_with(head, weights, WIDE);
    must(dn_classifier_judge(first, &picture, 1, &(dn_judgements){.features = seen}, &error), &error);
    dn_classifier_free(first);

    double sum = 0;
    for (int k = 0; k < FEATURES; k++) sum += (double)seen[k];
    for (int k = 0; k < FEATURES; k++)
        head->parameters[k] = (float)(0.99 * (double)FLT_MAX / sum); /* class 0's */
    dn_classifier *large = open_with(head, weights, WIDE);
    float probabilities[CLASSES], evidence[PLACES];
    int class_index = 0;
    must(dn_classifier_predict(large, &picture, 1, probabilities, &error), &error);
    assert_int_equal(dn_classifier_explain(large, &picture, &class_index, evidence, NULL, &error),
                     DN_ERR_OVERFLOW);
    assert_non_null(strstr(error.message, "own.safetensors: the evidence for class 0 is not finite"));
    dn_classifier_free(large);
    dn_head_free(head);
    dn_weights_free(weights);
}

/* ---- progress ---- */

typedef struct watch {
    size_t calls, done[PICTURES], total;
    size_t stop_at; /* the call that asks to stop; 0: none */
} watch;

static int tell(void *context, size_t done, size_t total) {
    watch *own = context;
    own->done[own->calls++] = done;
    own->total = total;
    return own->calls == own->stop_at;
}

static void test_progress_is_told_after_each_batch(void **state) {
    (void)state;
    watch seen = {0};
    dn_judgements out = everything();
    out.on_progress = tell;
    out.context = &seen;
    assert_int_equal(dn_classifier_judge(classifier, pictures, PICTURES, &out, NULL), DN_OK);
    assert_int_equal(seen.calls, 3);
    for (size_t i = 0; i < 3; i++) assert_int_equal(seen.done[i], ((size_t[]){3, 6, 7})[i]);
    assert_int_equal(seen.total, PICTURES);
}

static void test_judging_can_be_stopped(void **state) {
    (void)state;
    watch seen = {.stop_at = 2};
    dn_error error;
    dn_judgements out = everything();
    out.on_progress = tell;
    out.context = &seen;
    assert_int_equal(dn_classifier_judge(classifier, pictures, PICTURES, &out, &error), DN_ERR_CANCELLED);
    assert_string_equal(error.message, "judging pictures was stopped by its callback at 6 of 7");
    assert_int_equal(seen.calls, 2);
    for (int i = 0; i < 6; i++) assert_row(i, i);
    out.on_progress = NULL;
    assert_int_equal(dn_classifier_judge(classifier, pictures, PICTURES, &out, &error), DN_OK);
    assert_row(6, 6);
}

/* ---- a child process ---- */

static int judge_in_child(void) {
    alarm(60);
    const dn_judgements out = everything();
    if (dn_classifier_judge(classifier, pictures, PICTURES, &out, NULL)) return 1;
    if (memcmp(room.features, features, sizeof features) != 0) return 2;
    for (int i = 0; i < PICTURES * CLASSES; i++)
        if (!(fabsf(room.log_probabilities[i] - log_probabilities[i]) <= 1e-5f)) return 3;
    dn_classifier_free(classifier);
    return 0;
}

static void test_a_child_process_uses_its_parents_classifier(void **state) {
    (void)state;
    int status;
    fflush(NULL);
    const pid_t child = fork();
    if (child == 0) _exit(judge_in_child());
    assert_true(child > 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

/* ---- a caller's threads ---- */

static void run_backwards(void *context, void (*task)(void *task_context, size_t index), void *task_context,
                          size_t count) {
    *(size_t *)context += count;
    while (count > 0) task(task_context, --count);
}

/* All of it: the network is prepared, pictures become inputs and are judged by the executor alone. */
static void test_a_classifier_works_on_a_callers_executor(void **state) {
    (void)state;
    size_t tasks = 0, before;
    const dn_executor executor = {.threads = 2, .run = run_backwards, .context = &tasks};
    dn_classifier *own;
    dn_error error;
    dn_session_options options = dn_session_options_default();
    options.batch = BATCH;
    options.executor = &executor;
    must(dn_classifier_load(&own, path, &error), &error);
    assert_null(dn_classifier_get_session(own));
    must(dn_classifier_attach(own, NULL, NULL, &options, &error), &error);
    assert_true(tasks >= 2); /* an item for each thread that packs weights */
    const dn_session *session = dn_classifier_get_session(own);
    assert_int_equal(dn_session_batch(session), BATCH);
    assert_string_equal(dn_model_hash(dn_session_model(session)), dn_classifier_get_info(own)->weights_hash);
    before = tasks;
    const dn_judgements out = everything();
    must(dn_classifier_judge(own, pictures, PICTURES, &out, &error), &error);
    for (int i = 0; i < PICTURES; i++) assert_row(i, i);
    assert_true(tasks > before);
    dn_classifier_free(own);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_that_can_be_told_is_told_in_one_pass),
        cmocka_unit_test(test_what_is_not_asked_for_changes_nothing),
        cmocka_unit_test(test_a_bad_picture_has_its_own_status_and_the_others_are_judged),
        cmocka_unit_test(test_without_statuses_a_bad_picture_ends_the_call),
        cmocka_unit_test(test_a_head_that_gives_no_numbers_is_told_with_its_file),
        cmocka_unit_test(test_evidence_that_is_too_large_is_told),
        cmocka_unit_test(test_progress_is_told_after_each_batch),
        cmocka_unit_test(test_judging_can_be_stopped),
        cmocka_unit_test(test_a_classifier_works_on_a_callers_executor),
        cmocka_unit_test(test_a_child_process_uses_its_parents_classifier),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
