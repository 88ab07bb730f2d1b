/* SPDX-License-Identifier: MIT */
/* Many classifiers, each in its own thread, over one model: its memory is taken once, everybody's
 * probabilities are those of a classifier that is alone, and a model of other weights is refused. */
#include "core/memory.h"
#include "core/rng.h"
#include "head/classifier/classifier.h"
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

enum { FEATURES = 1024, CLASSES = 3, CROP = 32, PICTURES = 5, BATCH = 2, THREADS = 8, ROUNDS = 3 };

static char *folder, path[600], other_path[600];
static dn_weights *weights; /* densenet121, seed 3, calibrated */
static dn_head *head;
static char hash[33];
static uint8_t pixels[PICTURES][CROP * CROP * 3];
static dn_image pictures[PICTURES];

static void must(dn_status status, const dn_error *error) {
    if (status) fail_msg("%s", error->message);
}

static void save(const char *to, const char *weights_source) {
    const dn_classifier_info info = {
        .struct_size = sizeof info,
        .backbone = "densenet121",
        .weights_source = weights_source,
        .weights_hash = hash,
        .class_count = CLASSES,
        .classes = (const char *const[]){"a", "b", "c"},
        .preprocessing = {.resize = CROP, .crop = CROP, .std = {1.0f, 1.0f, 1.0f}},
        .recipe = "{}",
        .metrics = "{}"};
    dn_error error;
    must(dn_classifier_save(to, head, &info, weights, &error), &error);
}

static int set_up(void **state) {
    (void)state;
    openblas_set_num_threads(1);
    folder = make_folder();
    snprintf(path, sizeof path, "%s/m.safetensors", folder);
    snprintf(other_path, sizeof other_path, "%s/o.safetensors", folder);
    static float inputs[PICTURES * CROP * CROP * 3];
    dni_rng rng = dni_rng_named(1, "pictures");
    for (int i = 0; i < PICTURES; i++) {
        pictures[i] = (dn_image){.width = CROP, .height = CROP, .rgb = pixels[i]};
        for (int j = 0; j < CROP * CROP * 3; j++) {
            pixels[i][j] = (uint8_t)dni_rng_below(&rng, 256);
            inputs[i * CROP * CROP * 3 + j] = (float)pixels[i][j] / 255.0f;
        }
    }
    dn_error error;
    const dn_head_options options = {
        .struct_size = sizeof options, .hidden = (const int[]){8}, .hidden_count = 1, .seed = 5};
    must(dn_weights_random(&weights, dn_config_find("densenet121"), 3, &error), &error);
    must(dn_weights_calibrate(weights, inputs, PICTURES, CROP, CROP, NULL, &error), &error);
    dn_weights_hash(weights, hash);
    must(dn_head_create(&head, FEATURES, CLASSES, &options, &error), &error);
    save(path, "random:3");
    save(other_path, "w.pth"); /* a file without the backbone's statistics */
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    dn_weights_free(weights);
    dn_head_free(head);
    remove_folder(folder);
    return 0;
}

static dn_classifier *load(const char *from) {
    dn_classifier *classifier;
    dn_error error;
    must(dn_classifier_load(&classifier, from, &error), &error);
    return classifier;
}

/* What an allocator gave out. */
typedef struct ledger {
    atomic_size_t bytes, blocks;
} ledger;

static void *ledger_allocate(void *context, size_t size) {
    ledger *l = context;
    atomic_fetch_add(&l->bytes, size);
    atomic_fetch_add(&l->blocks, 1);
    return dni_allocate(NULL, size);
}

static void ledger_release(void *context, void *memory, size_t size) {
    (void)context;
    dni_release(NULL, memory, size);
}

static dn_session_options one_thread(const dn_allocator *allocator) {
    dn_session_options options = dn_session_options_default();
    options.batch = BATCH;
    options.threads = 1;
    options.allocator = allocator;
    return options;
}

/* ---- many threads, one network ---- */

typedef struct worker {
    pthread_t thread;
    const dn_model *model;
    const dn_classifier *original; /* whose file is taken; NULL: the file is read again */
    const dn_allocator *allocator;
    dn_status status;
    dn_error error;
    float probabilities[ROUNDS][PICTURES * CLASSES];
} worker;

/* All that a thread of a program does, from the file to the probabilities. */
static void *work(void *context) {
    worker *w = context;
    dn_classifier *classifier;
    const dn_session_options options = one_thread(w->allocator);
    w->status = w->original ? dn_classifier_share(&classifier, w->original, &w->error)
                            : dn_classifier_load(&classifier, path, &w->error);
    if (!w->status) w->status = dn_classifier_attach_model(classifier, w->model, &options, &w->error);
    for (int i = 0; !w->status && i < ROUNDS; i++)
        w->status = dn_classifier_predict(classifier, pictures, PICTURES, w->probabilities[i], &w->error);
    dn_classifier_free(classifier);
    return NULL;
}

static void predict_alone(float *probabilities) {
    dn_error error;
    dn_classifier *alone = load(path);
    const dn_session_options options = one_thread(NULL);
    must(dn_classifier_attach(alone, NULL, NULL, &options, &error), &error);
    must(dn_classifier_predict(alone, pictures, PICTURES, probabilities, &error), &error);
    dn_classifier_free(alone);
}

static dn_model *create_model(const dn_allocator *allocator) {
    dn_model *model;
    dn_error error;
    dn_classifier *classifier = load(path);
    dn_model_options options = dn_model_options_default();
    options.allocator = allocator;
    must(dn_classifier_create_model(&model, classifier, NULL, &options, &error), &error);
    dn_classifier_free(classifier); /* the model does not need it */
    return model;
}

static void test_eight_threads_share_a_model_and_predict_what_one_alone_does(void **state) {
    (void)state;
    static worker workers[THREADS];
    float expected[PICTURES * CLASSES];
    predict_alone(expected);
    ledger prepared = {0}, arenas = {0};
    const dn_allocator for_model = {ledger_allocate, ledger_release, &prepared};
    const dn_allocator for_sessions = {ledger_allocate, ledger_release, &arenas};
    dn_model *model = create_model(&for_model);
    dn_classifier *original = load(path);
    for (int i = 0; i < THREADS; i++) {
        workers[i] =
            (worker){.model = model, .original = i % 2 ? original : NULL, .allocator = &for_sessions};
        assert_int_equal(pthread_create(&workers[i].thread, NULL, work, &workers[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) pthread_join(workers[i].thread, NULL);
    for (int i = 0; i < THREADS; i++) {
        must(workers[i].status, &workers[i].error);
        for (int r = 0; r < ROUNDS; r++)
            assert_memory_equal(workers[i].probabilities[r], expected, sizeof expected);
    }
    dn_classifier_free(original);
    /* The network was prepared once; beyond it each classifier took the arena of its session. */
    dn_session_options planned = one_thread(NULL);
    planned.height = planned.width = CROP;
    size_t arena;
    assert_int_equal(dn_session_plan(model, &planned, &arena, NULL), DN_OK);
    assert_int_equal(prepared.blocks, 1);
    assert_int_equal(prepared.bytes, dn_model_size(model));
    assert_int_equal(arenas.blocks, THREADS);
    assert_int_equal(arenas.bytes, THREADS * arena);
    dn_model_free(model);
}

/* Reading the file is not done again, and what an attachment of one does is nothing to the other. */
static void test_a_shared_classifier_is_the_same_file_with_a_backbone_of_its_own(void **state) {
    (void)state;
    dn_error error;
    dn_classifier *original = load(path), *second;
    float expected[PICTURES * CLASSES], found[PICTURES * CLASSES];
    const dn_session_options options = one_thread(NULL);
    must(dn_classifier_attach(original, NULL, NULL, &options, &error), &error);
    must(dn_classifier_predict(original, pictures, PICTURES, expected, &error), &error);
    must(dn_classifier_share(&second, original, &error), &error);
    assert_ptr_equal(dn_classifier_get_head(second), dn_classifier_get_head(original));
    assert_string_equal(dn_classifier_get_info(second)->weights_hash, hash);
    assert_true(dn_classifier_is_complete(second));
    assert_int_equal(dn_classifier_predict(second, pictures, 1, found, &error), DN_ERR_ARGUMENT);
    must(dn_classifier_attach(second, NULL, NULL, &options, &error), &error);
    must(dn_classifier_predict(second, pictures, PICTURES, found, &error), &error);
    assert_memory_equal(found, expected, sizeof expected);
    dn_classifier_free(second);
    must(dn_classifier_predict(original, pictures, PICTURES, found, &error), &error);
    assert_memory_equal(found, expected, sizeof expected);
    dn_classifier_free(original);
}

/* ---- whose model it is ---- */

static void test_a_model_keeps_the_hash_of_its_weights(void **state) {
    (void)state;
    dn_weights *mine;
    dn_model *model;
    char expected[33];
    const dn_model_options options = {.struct_size = sizeof options, .threads = 1, .discard_weights = 1};
    assert_int_equal(dn_weights_random(&mine, dn_config_find("densenet121"), 4, NULL), DN_OK);
    dn_weights_hash(mine, expected);
    assert_int_equal(dn_model_create(&model, mine, &options, NULL), DN_OK);
    dn_weights_free(mine);
    assert_string_equal(dn_model_hash(model), expected);
    dn_model_free(model);
}

static void test_a_model_of_other_weights_is_refused_with_both_hashes(void **state) {
    (void)state;
    dn_weights *foreign;
    dn_model *model;
    dn_error error;
    float probabilities[CLASSES];
    const dn_model_options discard = {.struct_size = sizeof discard, .threads = 1, .discard_weights = 1};
    const dn_session_options options = one_thread(NULL);
    dn_classifier *classifier = load(other_path);
    assert_int_equal(dn_weights_random(&foreign, dn_config_find("densenet121"), 4, NULL), DN_OK);
    assert_int_equal(dn_classifier_create_model(&model, classifier, NULL, NULL, &error), DN_ERR_ARGUMENT);
    assert_null(model);
    assert_int_equal(dn_classifier_create_model(&model, classifier, foreign, &discard, &error),
                     DN_ERR_MISMATCH);
    assert_null(model);
    /* Refused weights are not discarded. */
    assert_int_equal(dn_model_create(&model, foreign, NULL, NULL), DN_OK);
    char own_hash[33];
    dn_weights_hash(foreign, own_hash);
    assert_string_equal(dn_model_hash(model), own_hash);
    dn_weights_free(foreign);

    must(dn_classifier_attach(classifier, weights, NULL, &options, &error), &error);
    assert_int_equal(dn_classifier_attach_model(classifier, model, &options, &error), DN_ERR_MISMATCH);
    assert_non_null(strstr(error.message, other_path));
    assert_non_null(strstr(error.message, hash));
    assert_non_null(strstr(error.message, own_hash));
    assert_int_equal(dn_classifier_predict(classifier, pictures, 1, probabilities, &error), DN_ERR_ARGUMENT);
    assert_non_null(strstr(error.message, "no backbone"));
    dn_classifier_free(classifier);
    dn_model_free(model);
}

/* Files that were trained on the same weights take one model in turns, and one's own is let go for it. */
static void test_an_attachment_replaces_the_one_before(void **state) {
    (void)state;
    dn_error error;
    float expected[PICTURES * CLASSES], found[PICTURES * CLASSES];
    predict_alone(expected);
    dn_model *model = create_model(NULL);
    dn_classifier *classifiers[] = {load(path), load(other_path)};
    const dn_session_options options = one_thread(NULL);
    for (int i = 0; i < 2; i++) {
        for (int step = 0; step < 3; step++) {
            must(step == 1 ? dn_classifier_attach(classifiers[i], weights, NULL, &options, &error)
                           : dn_classifier_attach_model(classifiers[i], model, &options, &error),
                 &error);
            must(dn_classifier_predict(classifiers[i], pictures, PICTURES, found, &error), &error);
            assert_memory_equal(found, expected, sizeof expected);
        }
        dn_classifier_free(classifiers[i]);
    }
    dn_session_options none = options;
    none.batch = 0;
    dn_classifier *classifier = load(path);
    assert_int_equal(dn_classifier_attach_model(classifier, model, &none, &error), DN_ERR_ARGUMENT);
    dn_classifier_free(classifier);
    assert_string_equal(dn_model_hash(model), hash); /* it outlived them all */
    dn_model_free(model);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_eight_threads_share_a_model_and_predict_what_one_alone_does),
        cmocka_unit_test(test_a_shared_classifier_is_the_same_file_with_a_backbone_of_its_own),
        cmocka_unit_test(test_a_model_keeps_the_hash_of_its_weights),
        cmocka_unit_test(test_a_model_of_other_weights_is_refused_with_both_hashes),
        cmocka_unit_test(test_an_attachment_replaces_the_one_before),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
