/* SPDX-License-Identifier: MIT */
/* Eight threads, which do what a program may do on several threads at once: forward passes of own sessions
 * over one model, on own workers and on an executor that sessions share, models made of the same weights and
 * of a file, classifiers shared and loaded, calls that a callback ends, pictures decoded. Each begins with
 * another of these steps, and does half of them, so that all run beside each other. The oracle is the same
 * work done alone; `make tsan` looks at what they read and write. */
#include "core/rng.h"
#include "head/classifier/classifier.h"
#include "io/image.h"
#include "test/support/files.h"

#include <cblas.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { THREADS = 8, CROP = 32, PICTURES = 3, FEATURES = 1024, CLASSES = 3, PIXELS = CROP * CROP * 3 };

/* ---- what they share ---- */

static char *folder, classifier_path[600], weights_path[600];
static dn_weights *weights; /* densenet121's, seed 3, calibrated */
static dn_model *model;
static dn_weights *small_weights; /* of which models are made quickly */
static dn_classifier *original;
static uint8_t pixels[PICTURES][PIXELS];
static dn_image pictures[PICTURES];
static float inputs[PICTURES * PIXELS];

/* A file of each decoder. */
static const char *const files[] = {
    "test/golden/io/orientation/large_6.jpg",
    "test/golden/io/heif/lossy.heic",
    "test/golden/io/heif/lossy.avif",
    "test/golden/io/webp/lossy.webp",
    "test/golden/io/tiff/lzw.tif",
};
enum { FILES = sizeof files / sizeof *files };

/* What each of them gives alone. */
typedef struct answers {
    float features[PICTURES * FEATURES], small_features[PICTURES * FEATURES],
        probabilities[PICTURES * CLASSES], evidence[16];
    char hash[33], small_hash[33];
    dn_image decoded[FILES];
    dn_status refused[FILES]; /* this build may have been made without a decoder */
} answers;
static answers alone;

static dn_session_options session_options(void) {
    dn_session_options options = dn_session_options_default();
    options.height = options.width = CROP;
    options.batch = 2; /* so that one picture is left over */
    options.threads = 2;
    return options;
}

/* Counts its calls down; the last one asks to stop. */
static int stop_at(void *context, size_t done, size_t total) {
    (void)done;
    (void)total;
    return --*(int *)context == 0;
}

/* ---- the steps ---- */

/* NULL: it was as alone. Otherwise what was not, for the thread that waits. */
typedef struct step_result {
    dn_error error;
    answers found;
} step_result;
typedef const char *(*step)(step_result *own);

static const char *forward_with(step_result *own, const dn_model *of, const dn_session_options *options,
                                const float *expected) {
    dn_session *session;
    const size_t width = (size_t)dn_model_config(of)->features;
    float *const features = own->found.features;
    memset(features, 0, sizeof own->found.features);
    if (dn_session_create(&session, of, options, &own->error)) return own->error.message;
    dn_status status = DN_OK;
    for (int first = 0; first < PICTURES && !status; first += options->batch) {
        const int left = PICTURES - first, count = left < options->batch ? left : options->batch;
        status = dn_session_forward(session, inputs + first * PIXELS, count,
                                    &(dn_outputs){.features = features + (size_t)first * width}, &own->error);
    }
    dn_session_free(session);
    if (status) return own->error.message;
    return memcmp(features, expected, sizeof alone.features) ? "features differ" : NULL;
}

static const char *pass_on_own_workers(step_result *own) {
    const dn_session_options options = session_options();
    return forward_with(own, model, &options, alone.features);
}

/* An executor of two new threads for each loop. Nothing is in it that two sessions could get in each other's
 * way with, so all share it. */
typedef struct loop {
    void (*task)(void *task_context, size_t index);
    void *task_context;
    size_t count;
    atomic_size_t next;
} loop;

static void *join_in(void *context) {
    loop *all = context;
    for (size_t i; (i = atomic_fetch_add(&all->next, 1)) < all->count;) all->task(all->task_context, i);
    return NULL;
}

static void run_on_new_threads(void *context, void (*task)(void *, size_t), void *task_context,
                               size_t count) {
    (void)context;
    loop all = {.task = task, .task_context = task_context, .count = count};
    pthread_t other;
    if (pthread_create(&other, NULL, join_in, &all)) abort();
    join_in(&all);
    pthread_join(other, NULL);
}

static const dn_executor executor = {.threads = 2, .run = run_on_new_threads};

static const char *pass_on_the_executor(step_result *own) {
    dn_session_options options = session_options();
    options.threads = 0;
    options.executor = &executor;
    return forward_with(own, model, &options, alone.features);
}

static const char *use_and_free(step_result *own, dn_model *made, const float *expected, const char *hash) {
    const dn_session_options options = session_options();
    const char *wrong = forward_with(own, made, &options, expected);
    if (!wrong && strcmp(dn_model_hash(made), hash) != 0) wrong = "another hash";
    dn_model_free(made);
    return wrong;
}

/* Stopped first, and then to the end. */
static const char *make_a_model(step_result *own) {
    dn_model *made;
    int calls = 2;
    dn_model_options options = dn_model_options_default();
    options.threads = 2;
    options.on_progress = stop_at;
    options.context = &calls;
    if (dn_model_create(&made, small_weights, &options, &own->error) != DN_ERR_CANCELLED)
        return "nothing was stopped";
    if (dn_model_create(&made, small_weights, &options, &own->error)) return own->error.message;
    return use_and_free(own, made, alone.small_features, alone.small_hash);
}

static const char *load_a_model(step_result *own) {
    dn_model *made;
    dn_model_options options = dn_model_options_default();
    options.threads = 2;
    if (dn_model_load(&made, weights_path, &options, &own->error)) return own->error.message;
    return use_and_free(own, made, alone.features, alone.hash);
}

static const char *judge_with(step_result *own, dn_classifier *classifier) {
    const dn_session_options options = session_options();
    int calls = 1, class_index = 0;
    float *const found = own->found.probabilities;
    dn_judgements out = {.probabilities = found, .on_progress = stop_at, .context = &calls};
    if (dn_classifier_attach_model(classifier, model, &options, &own->error)) return own->error.message;
    if (dn_classifier_judge(classifier, pictures, PICTURES, &out, &own->error) != DN_ERR_CANCELLED)
        return "judging was not stopped";
    memset(found, 0, sizeof own->found.probabilities);
    if (dn_classifier_judge(classifier, pictures, PICTURES, &out, &own->error)) return own->error.message;
    if (memcmp(found, alone.probabilities, sizeof alone.probabilities)) return "probabilities differ";
    memset(own->found.evidence, 0, sizeof own->found.evidence);
    if (dn_classifier_explain(classifier, pictures, &class_index, own->found.evidence, NULL, &own->error))
        return own->error.message;
    return memcmp(own->found.evidence, alone.evidence, sizeof alone.evidence) ? "evidence differs" : NULL;
}

static const char *judge_with_a_shared_classifier(step_result *own) {
    dn_classifier *classifier;
    if (dn_classifier_share(&classifier, original, &own->error)) return own->error.message;
    const char *const wrong = judge_with(own, classifier);
    dn_classifier_free(classifier);
    return wrong;
}

static const char *judge_with_a_loaded_classifier(step_result *own) {
    dn_classifier *classifier;
    if (dn_classifier_load(&classifier, classifier_path, &own->error)) return own->error.message;
    const char *const wrong = judge_with(own, classifier);
    dn_classifier_free(classifier);
    return wrong;
}

/* The weights themselves: others prepare models of them meanwhile. */
static const char *hash_the_weights(step_result *own) {
    dn_weights *drawn;
    dn_weights_hash(weights, own->found.hash);
    if (strcmp(own->found.hash, alone.hash) != 0) return "the weights have another hash";
    if (dn_weights_load(&drawn, weights_path, &own->error)) return own->error.message;
    dn_weights_hash(drawn, own->found.hash);
    dn_weights_free(drawn);
    return strcmp(own->found.hash, alone.hash) ? "their file has another hash" : NULL;
}

static const char *decode_pictures(step_result *own) {
    for (int i = 0; i < FILES; i++) {
        dn_image image;
        const dn_image *const as = &alone.decoded[i];
        if (dn_image_load(&image, files[i], &own->error) != alone.refused[i]) return own->error.message;
        if (alone.refused[i]) continue;
        const bool same = image.width == as->width && image.height == as->height &&
                          !memcmp(image.rgb, as->rgb, (size_t)as->width * (size_t)as->height * 3);
        dn_image_free(&image);
        if (!same) return files[i];
    }
    return NULL;
}

static const step steps[] = {
    pass_on_own_workers, pass_on_the_executor, make_a_model,    judge_with_a_shared_classifier,
    hash_the_weights,    load_a_model,         decode_pictures, judge_with_a_loaded_classifier,
};
enum { STEPS = sizeof steps / sizeof *steps };

/* ---- alone ---- */

static void must(dn_status status, const dn_error *error) {
    if (status) fail_msg("%s", error->message);
}

static void save_classifier(void) {
    dn_head *head;
    dn_error error;
    const dn_classifier_info info = {
        .struct_size = sizeof info,
        .backbone = "densenet121",
        .weights_source = "random:3",
        .weights_hash = alone.hash,
        .class_count = CLASSES,
        .classes = (const char *const[]){"a", "b", "c"},
        .preprocessing = {.resize = CROP, .crop = CROP, .std = {1.0f, 1.0f, 1.0f}},
        .recipe = "{}",
        .metrics = "{}"};
    const dn_head_options options = {
        .struct_size = sizeof options, .hidden = (const int[]){8}, .hidden_count = 1, .seed = 5};
    must(dn_head_create(&head, FEATURES, CLASSES, &options, &error), &error);
    must(dn_classifier_save(classifier_path, head, &info, weights, &error), &error);
    dn_head_free(head);
}

/* On one thread, one picture after the other. */
static void forward_alone(const dn_model *of, float *features) {
    dn_error error;
    dn_session *session;
    dn_session_options options = session_options();
    options.threads = 1;
    must(dn_session_create(&session, of, &options, &error), &error);
    for (int i = 0; i < PICTURES; i++) {
        float *const row = features + i * dn_model_config(of)->features;
        must(dn_session_forward(session, inputs + i * PIXELS, 1, &(dn_outputs){.features = row}, &error),
             &error);
    }
    dn_session_free(session);
}

static void make_small_weights(void) {
    static const dn_config small = {"small", 16, {2, 2, 2, 2}, 32, 4, 64};
    dn_model *of;
    dn_error error;
    must(dn_weights_random(&small_weights, &small, 1, &error), &error);
    must(dn_model_create(&of, small_weights, NULL, &error), &error);
    snprintf(alone.small_hash, sizeof alone.small_hash, "%s", dn_model_hash(of));
    forward_alone(of, alone.small_features);
    dn_model_free(of);
}

static void judge_alone(void) {
    dn_error error;
    dn_session_options options = session_options();
    int class_index = 0, height, width;
    options.threads = 1;
    must(dn_classifier_load(&original, classifier_path, &error), &error);
    must(dn_classifier_attach_model(original, model, &options, &error), &error);
    must(dn_classifier_predict(original, pictures, PICTURES, alone.probabilities, &error), &error);
    dn_classifier_map_size(original, &height, &width);
    assert_in_range(height * width, 1, sizeof alone.evidence / sizeof *alone.evidence);
    must(dn_classifier_explain(original, pictures, &class_index, alone.evidence, NULL, &error), &error);
}

static void decode_alone(void) {
    dn_error error;
    for (int i = 0; i < FILES; i++) {
        alone.refused[i] = dn_image_load(&alone.decoded[i], files[i], &error);
        if (alone.refused[i]) assert_int_equal(alone.refused[i], DN_ERR_IMAGE_UNSUPPORTED);
    }
}

static int set_up(void **state) {
    (void)state;
    openblas_set_num_threads(1);
    folder = make_folder();
    snprintf(classifier_path, sizeof classifier_path, "%s/classifier", folder);
    snprintf(weights_path, sizeof weights_path, "%s/weights", folder);
    dni_rng rng = dni_rng_named(1, "pictures");
    for (int i = 0; i < PICTURES; i++) {
        pictures[i] = (dn_image){.width = CROP, .height = CROP, .rgb = pixels[i]};
        for (int j = 0; j < PIXELS; j++) {
            pixels[i][j] = (uint8_t)dni_rng_below(&rng, 256);
            inputs[i * PIXELS + j] = (float)pixels[i][j] / 255.0f;
        }
    }
    dn_error error;
    must(dn_weights_random(&weights, dn_config_find("densenet121"), 3, &error), &error);
    must(dn_weights_calibrate(weights, inputs, PICTURES, CROP, CROP, NULL, &error), &error);
    must(dn_weights_save(weights, weights_path, &error), &error);
    must(dn_model_create(&model, weights, NULL, &error), &error);
    dn_weights_hash(weights, alone.hash);
    forward_alone(model, alone.features);
    make_small_weights();
    save_classifier();
    judge_alone();
    decode_alone();
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    for (int i = 0; i < FILES; i++) dn_image_free(&alone.decoded[i]);
    dn_classifier_free(original);
    dn_model_free(model);
    dn_weights_free(weights);
    dn_weights_free(small_weights);
    remove_folder(folder);
    return 0;
}

/* ---- together ---- */

typedef struct worker {
    pthread_t thread;
    int first; /* of the steps */
    step_result own;
    const char *wrong;
    int wrong_step;
} worker;

static void *work(void *context) {
    worker *me = context;
    for (int i = 0; i < STEPS / 2 && !me->wrong; i++) {
        me->wrong_step = (me->first + i) % STEPS;
        me->wrong = steps[me->wrong_step](&me->own);
    }
    return NULL;
}

static void test_everything_beside_everything_is_as_it_is_alone(void **state) {
    (void)state;
    static worker workers[THREADS];
    for (int i = 0; i < THREADS; i++) {
        workers[i].first = i;
        assert_int_equal(pthread_create(&workers[i].thread, NULL, work, &workers[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) pthread_join(workers[i].thread, NULL);
    for (int i = 0; i < THREADS; i++)
        if (workers[i].wrong) fail_msg("thread %d, step %d: %s", i, workers[i].wrong_step, workers[i].wrong);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_everything_beside_everything_is_as_it_is_alone),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
