/* SPDX-License-Identifier: MIT */
/* Many threads, more than this machine has cores: the same bits for any number of them, however a batch is
 * shared out. */
#include "densenet/densenet.h"
#include "densenet/lanes.h"
#include "test/support/seeded_weights.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { SIDE = 64, BATCH = 70, SEED = 5, FEATURES = 1024 };

static dn_model *model;
static float *inputs, *expected; /* expected: on one thread, an image at a time */
static dn_error error;

static void must(dn_status status) {
    if (status) fail_msg("%s", error.message);
}

static dn_session *session_of(int batch, int threads) {
    dn_session *session;
    dn_session_options options = dn_session_options_default();
    options.height = options.width = SIDE;
    options.batch = batch;
    options.threads = threads;
    must(dn_session_create(&session, model, &options, &error));
    return session;
}

static void forward(dn_session *session, int first, int count, float *features) {
    const float *from = inputs + (size_t)first * SIDE * SIDE * 3;
    must(dn_session_forward(session, from, count, &(dn_outputs){.features = features}, &error));
}

static int set_up(void **state) {
    (void)state;
    dn_weights *weights = seeded_weights(dn_config_find("densenet121"), SEED);
    inputs = seeded_inputs(SEED, (size_t)BATCH * SIDE * SIDE * 3);
    expected = malloc((size_t)BATCH * FEATURES * sizeof *expected);
    if (!weights || !inputs || !expected || dn_model_create(&model, weights, NULL, &error)) return -1;
    dn_weights_free(weights);
    dn_session *session = session_of(1, 1);
    for (int i = 0; i < BATCH; i++) forward(session, i, 1, expected + (size_t)i * FEATURES);
    dn_session_free(session);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    dn_model_free(model);
    free(inputs);
    free(expected);
    return 0;
}

/* A batch that is full, and parts of it: lanes with as many images each, with one more, with none, and images
 * that all threads work on together. */
static void check_counts(int threads, int batch, const int *counts) {
    float *features = malloc((size_t)batch * FEATURES * sizeof *features);
    assert_non_null(features);
    dn_session *session = session_of(batch, threads);
    for (; *counts; counts++) {
        memset(features, 0x55, (size_t)batch * FEATURES * sizeof *features);
        forward(session, 0, *counts, features);
        assert_memory_equal(features, expected, (size_t)*counts * FEATURES * sizeof *features);
    }
    dn_session_free(session);
    free(features);
}

static void test_any_number_of_threads_gives_the_same_bits(void **state) {
    (void)state;
    static const int threads[] = {3, 17, 64};
    for (int i = 0; i < 3; i++) {
        check_counts(threads[i], 1, (const int[]){1, 1, 0});
        check_counts(threads[i], 5, (const int[]){5, 2, 0});
        check_counts(threads[i], 20, (const int[]){20, 1, 19, 7, 0});
    }
    check_counts(64, BATCH, (const int[]){BATCH, 64, 9, 8, 0});
}

static void test_every_image_of_a_batch_is_somebodys(void **state) {
    (void)state;
    for (int threads = 1; threads <= 130; threads++)
        for (int batch = 1; batch <= 200; batch += 1 + batch / 8) {
            const int lanes = dni_lane_count(batch, threads);
            assert_true(lanes >= 1 && lanes <= threads && lanes <= batch);
            for (int count = 1; count <= batch; count++) {
                const int shared = dni_images_of_lanes(count, lanes, threads);
                assert_true(shared >= 0 && shared <= count && (lanes > 1 || !shared));
                assert_true(threads == 1 || count - shared <= dni_images_together(threads));
            }
        }
}

/* One image is everybody's; from as many images as threads on, each thread has its own. */
static void test_few_images_are_computed_together_and_many_apart(void **state) {
    (void)state;
    for (int threads = 2; threads <= 130; threads++) {
        assert_int_equal(dni_lane_count(1, threads), 1);
        assert_int_equal(dni_lane_count(threads, threads), threads);
        assert_int_equal(dni_images_of_lanes(threads + 1, threads, threads), threads);
        assert_int_equal(dni_images_of_lanes(3 * threads, threads, threads), 3 * threads);
    }
    assert_int_equal(dni_images_of_lanes(127, 64, 64), 127); /* 63 more, one for each lane but one */
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_any_number_of_threads_gives_the_same_bits),
        cmocka_unit_test(test_every_image_of_a_batch_is_somebodys),
        cmocka_unit_test(test_few_images_are_computed_together_and_many_apart),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
