/* SPDX-License-Identifier: MIT */
/* A caller's executor: a network on threads that are not the library's gives the same bits, whoever runs its
 * tasks and in whatever order, and the library starts no thread. */
#include "densenet/densenet.h"
#include "test/support/seeded_weights.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { COUNT = 5, HEIGHT = 64, WIDTH = 48, IMAGE = HEIGHT * WIDTH * 3, SEED = 7 };

static const dn_config small = {"small", 16, {2, 2, 2, 2}, 32, 4, 64};

static dn_weights *weights;
static size_t features;
static float *inputs, *expected; /* on one thread of the library's */

/* ---- executors ---- */

typedef void (*task_function)(void *task_context, size_t index);

typedef struct counts {
    int runs;     /* of run() */
    size_t tasks; /* in them */
} counts;

static void count_run(void *context, size_t count) {
    counts *own = context;
    own->runs++;
    own->tasks += count;
}

static void run_forwards(void *context, task_function task, void *task_context, size_t count) {
    count_run(context, count);
    for (size_t i = 0; i < count; i++) task(task_context, i);
}

static void run_backwards(void *context, task_function task, void *task_context, size_t count) {
    count_run(context, count);
    while (count > 0) task(task_context, --count);
}

/* Every second task first: neighbours never run one after the other. */
static void run_in_jumps(void *context, task_function task, void *task_context, size_t count) {
    count_run(context, count);
    for (size_t first = 2; first-- > 0;)
        for (size_t i = first; i < count; i += 2) task(task_context, i);
}

/* Naive: two new threads each time, which take one task after the other. */
typedef struct crowd {
    task_function task;
    void *task_context;
    size_t count;
    atomic_size_t next;
} crowd;

static void *join_in(void *context) {
    crowd *all = context;
    for (size_t i; (i = atomic_fetch_add(&all->next, 1)) < all->count;) all->task(all->task_context, i);
    return NULL;
}

static void run_on_threads(void *context, task_function task, void *task_context, size_t count) {
    count_run(context, count);
    crowd all = {.task = task, .task_context = task_context, .count = count};
    pthread_t threads[2];
    for (int i = 0; i < 2; i++)
        if (pthread_create(&threads[i], NULL, join_in, &all)) abort();
    for (int i = 0; i < 2; i++) pthread_join(threads[i], NULL);
}

/* ---- support ---- */

static int set_up(void **state) {
    (void)state;
    weights = seeded_weights(&small, SEED);
    features = (size_t)small.features;
    inputs = seeded_inputs(SEED, (size_t)COUNT * IMAGE);
    expected = calloc(COUNT * features, sizeof *expected);
    return weights && inputs && expected ? 0 : -1;
}

static int tear_down(void **state) {
    (void)state;
    dn_weights_free(weights);
    free(inputs);
    free(expected);
    return 0;
}

static void must(dn_status status, const dn_error *error) {
    if (status) fail_msg("%s", error->message);
}

/* Threads of this process; -1 where the system does not tell. */
static int thread_count(void) {
    FILE *file = fopen("/proc/self/status", "r");
    char line[256];
    int count = -1;
    while (file && fgets(line, sizeof line, file))
        if (sscanf(line, "Threads: %d", &count) == 1) break;
    if (file) fclose(file);
    return count;
}

/* The features of the first `count` images, with model and session on `executor` or, where it is NULL, on one
 * thread. */
static void forward(const dn_executor *executor, dn_precision precision, int batch, int count, float *out) {
    dn_model *model;
    dn_session *session;
    dn_error error;
    dn_model_options model_options = dn_model_options_default();
    dn_session_options options = dn_session_options_default();
    model_options.precision = precision;
    model_options.executor = options.executor = executor;
    if (!executor) model_options.threads = options.threads = 1;
    options.batch = batch;
    options.height = HEIGHT;
    options.width = WIDTH;
    const int before = thread_count();
    must(dn_model_create(&model, weights, &model_options, &error), &error);
    must(dn_session_create(&session, model, &options, &error), &error);
    assert_int_equal(thread_count(), before);
    assert_int_equal(dn_session_threads(session), executor ? executor->threads : 1);
    size_t planned;
    must(dn_session_plan(model, &options, &planned, &error), &error);
    assert_int_equal(planned, dn_session_arena_size(session));
    must(dn_session_forward(session, inputs, count, &(dn_outputs){.features = out}, &error), &error);
    dn_session_free(session);
    dn_model_free(model);
}

static void check(const dn_executor *executor, int batch, int count) {
    const size_t size = (size_t)count * features * sizeof *expected;
    float *found = malloc(size);
    assert_non_null(found);
    counts *const counted = executor->context;
    *counted = (counts){0};
    forward(NULL, DN_PRECISION_FLOAT32, batch, count, expected);
    forward(executor, DN_PRECISION_FLOAT32, batch, count, found);
    assert_memory_equal(found, expected, size);
    assert_true(executor->threads == 1 ? counted->runs == 0 : counted->runs > 0);
    assert_true(counted->tasks >= 2 * (size_t)counted->runs);
    free(found);
}

/* ---- tests ---- */

static void test_any_executor_gives_the_same_bits(void **state) {
    (void)state;
    static void (*const runs[])(void *, task_function, void *, size_t) = {run_forwards, run_backwards,
                                                                          run_in_jumps, run_on_threads};
    counts counted;
    for (size_t i = 0; i < sizeof runs / sizeof *runs; i++) {
        for (int threads = 1; threads <= 4; threads++) {
            const dn_executor executor = {.threads = threads, .run = runs[i], .context = &counted};
            check(&executor, 1, 1);
            check(&executor, COUNT, COUNT);
        }
    }
}

/* Whichever tier of kernels the CPU has for it. */
static void test_the_same_bits_in_bfloat16(void **state) {
    (void)state;
    dn_model *model;
    dn_error error;
    dn_model_options options = dn_model_options_default();
    options.precision = DN_PRECISION_BFLOAT16;
    const dn_status status = dn_model_create(&model, weights, &options, &error);
    dn_model_free(model);
    if (status == DN_ERR_UNSUPPORTED) skip();
    must(status, &error);
    counts counted;
    const dn_executor executor = {.threads = 3, .run = run_backwards, .context = &counted};
    const size_t size = COUNT * features * sizeof *expected;
    float *found = malloc(size);
    assert_non_null(found);
    forward(NULL, options.precision, COUNT, COUNT, expected);
    forward(&executor, options.precision, COUNT, COUNT, found);
    assert_memory_equal(found, expected, size);
    free(found);
}

static void test_an_executor_measures_the_same_statistics(void **state) {
    (void)state;
    char hash[2][33];
    counts counted = {0};
    const dn_executor executor = {.threads = 3, .run = run_backwards, .context = &counted};
    for (int i = 0; i < 2; i++) {
        dn_weights *own = seeded_weights(dn_weights_config(weights), SEED);
        dn_error error;
        dn_calibrate_options options = dn_calibrate_options_default();
        if (i)
            options.executor = &executor;
        else
            options.threads = 1;
        const int before = thread_count();
        must(dn_weights_calibrate(own, inputs, COUNT, HEIGHT, WIDTH, &options, &error), &error);
        assert_int_equal(thread_count(), before);
        dn_weights_hash(own, hash[i]);
        dn_weights_free(own);
    }
    assert_true(counted.runs > 0);
    assert_string_equal(hash[0], hash[1]);
}

static void refused(const dn_executor *executor, int threads, const char *part) {
    dn_model *model;
    dn_session *session;
    size_t bytes;
    dn_error error;
    dn_model_options model_options = dn_model_options_default();
    dn_session_options options = dn_session_options_default();
    must(dn_model_create(&model, weights, NULL, &error), &error);
    model_options.executor = options.executor = executor;
    model_options.threads = options.threads = threads;
    assert_int_equal(dn_session_create(&session, model, &options, &error), DN_ERR_ARGUMENT);
    assert_non_null(strstr(error.message, part));
    assert_null(session);
    assert_int_equal(dn_session_plan(model, &options, &bytes, &error), DN_ERR_ARGUMENT);
    assert_non_null(strstr(error.message, part));
    dn_model_free(model);
    assert_int_equal(dn_model_create(&model, weights, &model_options, &error), DN_ERR_ARGUMENT);
    assert_non_null(strstr(error.message, part));
    assert_null(model);
    dn_calibrate_options calibration = dn_calibrate_options_default();
    calibration.executor = executor;
    calibration.threads = threads;
    assert_int_equal(dn_weights_calibrate(weights, inputs, 1, HEIGHT, WIDTH, &calibration, &error),
                     DN_ERR_ARGUMENT);
    assert_non_null(strstr(error.message, part));
}

static void test_executors_that_cannot_be_are_refused(void **state) {
    (void)state;
    dn_executor executor = {.threads = 2, .run = run_forwards};
    refused(&executor, 2, "threads must be 0 beside an executor, not 2");
    executor.threads = 0;
    refused(&executor, 0, "executor: threads must be 1 to 1024, not 0");
    executor.threads = 1025;
    refused(&executor, 0, "executor: threads must be 1 to 1024, not 1025");
    executor = (dn_executor){.threads = 2};
    refused(&executor, 0, "executor: run is NULL");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_any_executor_gives_the_same_bits),
        cmocka_unit_test(test_the_same_bits_in_bfloat16),
        cmocka_unit_test(test_an_executor_measures_the_same_statistics),
        cmocka_unit_test(test_executors_that_cannot_be_are_refused),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
