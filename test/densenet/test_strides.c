/* SPDX-License-Identifier: MIT */
/* Forward passes from and into arrays whose rows are longer than an image's: the same bits as of dense ones,
 * and nothing touched in between. */
#include "densenet/densenet.h"
#include "densenet/weights.h"
#include "test/support/pools.h"
#include "test/support/seeded_weights.h"
#include "test/support/tiers.h"

#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { COUNT = 5, SIDE = 32, IMAGE = SIDE * SIDE * 3, SEED = 7 };

/* Small, and with channels enough that the fast kernels take its convolutions. 32x32 pixels give maps of 8x8,
 * so that several images go through a block together. */
static const dn_config small = {"small", 16, {2, 2, 2, 2}, 32, 4, 64};

static dn_model *model;
static float *inputs;
static size_t features, map_size;

static float *floats(size_t count) {
    float *values = malloc(count * sizeof *values);
    assert_non_null(values);
    for (size_t i = 0; i < count; i++) values[i] = NAN;
    return values;
}

static dn_session *open_session(int threads) {
    dn_session_options options = dn_session_options_default();
    dn_session *session;
    dn_error error;
    options.batch = COUNT;
    options.height = options.width = SIDE;
    options.threads = threads;
    if (dn_session_create(&session, model, &options, &error)) fail_msg("%s", error.message);
    return session;
}

static int set_up(void **state) {
    (void)state;
    dn_weights *weights = seeded_weights(&small, SEED);
    inputs = seeded_inputs(SEED, (size_t)COUNT * IMAGE);
    const dn_status status = dn_model_create(&model, weights, NULL, NULL);
    dn_weights_free(weights);
    if (status || !inputs) return -1;
    int height, width;
    dn_session *session = open_session(1);
    dn_session_map_size(session, &height, &width);
    dn_session_free(session);
    features = (size_t)small.features;
    map_size = (size_t)(height * width) * features;
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    dn_model_free(model);
    free(inputs);
    return 0;
}

/* All results of the images, `gap` floats apart. */
static dn_outputs results(size_t gap) {
    dn_outputs out = {.features = floats(COUNT * (features + gap)),
                      .map = floats(COUNT * (map_size + gap)),
                      .logits = floats(COUNT * (DN_LOGITS + gap))};
    if (gap) {
        out.features_stride = features + gap;
        out.map_stride = map_size + gap;
        out.logits_stride = DN_LOGITS + gap;
    }
    return out;
}

static void free_results(const dn_outputs *out) {
    free(out->features);
    free(out->map);
    free(out->logits);
}

/* The first `count` rows are those of `dense`; gaps, and rows behind them, are still NaN. */
static void assert_rows(const float *strided, size_t stride, const float *dense, size_t row, int count) {
    for (size_t n = 0; n < COUNT; n++) {
        const size_t written = n < (size_t)count ? row : 0;
        assert_memory_equal(strided + n * stride, dense + n * row, written * sizeof *dense);
        for (size_t i = written; i < stride; i++) assert_true(isnan(strided[n * stride + i]));
    }
}

static void check(dn_session *session, const float *apart, size_t input_stride, int count, size_t gap) {
    dn_error error;
    const dn_outputs dense = results(0), strided = results(gap);
    if (dn_session_forward(session, inputs, count, &dense, &error)) fail_msg("%s", error.message);
    if (dn_session_forward_strided(session, apart, input_stride, count, &strided, &error))
        fail_msg("%s", error.message);
    assert_rows(strided.features, features + gap, dense.features, features, count);
    assert_rows(strided.map, map_size + gap, dense.map, map_size, count);
    assert_rows(strided.logits, DN_LOGITS + gap, dense.logits, DN_LOGITS, count);
    free_results(&dense);
    free_results(&strided);
}

static void check_all(void) {
    const size_t gaps[] = {0, 1, 37};
    for (size_t i = 0; i < sizeof gaps / sizeof *gaps; i++) {
        const size_t stride = IMAGE + gaps[i];
        float *apart = floats(COUNT * stride); /* gaps of NaN are not looked at */
        for (size_t n = 0; n < COUNT; n++)
            memcpy(apart + n * stride, inputs + n * IMAGE, IMAGE * sizeof *apart);
        for (int threads = 1; threads; threads = more_threads(threads)) {
            dn_session *session = open_session(threads);
            for (int count = 1; count <= COUNT; count++) check(session, apart, stride, count, gaps[i]);
            dn_session_free(session);
        }
        free(apart);
    }
}

static void test_strides_give_the_bits_of_dense_arrays(void **state) {
    (void)state;
    check_all();
}

static void test_strides_give_the_bits_of_dense_arrays_in_the_portable_tier(void **state) {
    (void)state;
    char *chosen = chosen_tier();
    setenv("DN_ISA", "portable", 1);
    tear_down(NULL);
    assert_int_equal(set_up(NULL), 0);
    check_all();
    restore_tier(chosen);
}

/* One stride may be given without the others, and results may be asked for alone. */
static void test_strides_are_one_by_one(void **state) {
    (void)state;
    dn_session *session = open_session(2);
    const dn_outputs dense = results(0);
    float *logits = floats(COUNT * 2 * DN_LOGITS);
    assert_int_equal(dn_session_forward(session, inputs, COUNT, &dense, NULL), DN_OK);
    const dn_outputs alone = {.logits = logits, .logits_stride = 2 * (size_t)DN_LOGITS};
    assert_int_equal(dn_session_forward(session, inputs, COUNT, &alone, NULL), DN_OK);
    assert_rows(logits, 2 * (size_t)DN_LOGITS, dense.logits, DN_LOGITS, COUNT);
    free(logits);
    free_results(&dense);
    dn_session_free(session);
}

static void test_a_stride_below_the_row_is_refused_by_name(void **state) {
    (void)state;
    dn_session *session = open_session(1);
    dn_outputs out = results(0);
    dn_error error;
    const struct {
        size_t *stride, row;
        const char *name;
    } all[] = {{&out.features_stride, features, "features_stride is "},
               {&out.map_stride, map_size, "map_stride is "},
               {&out.logits_stride, DN_LOGITS, "logits_stride is "}};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        *all[i].stride = all[i].row - 1;
        assert_int_equal(dn_session_forward(session, inputs, 2, &out, &error), DN_ERR_ARGUMENT);
        assert_non_null(strstr(error.message, all[i].name));
        *all[i].stride = all[i].row;
        assert_int_equal(dn_session_forward(session, inputs, 2, &out, &error), DN_OK);
    }
    assert_int_equal(dn_session_forward_strided(session, inputs, IMAGE - 1, 2, &out, &error),
                     DN_ERR_ARGUMENT);
    assert_string_equal(error.message, "input_stride is 3071, below the 3072 floats of one image");
    free_results(&out);
    dn_session_free(session);
}

static void test_a_number_that_is_not_finite_is_told_with_its_image(void **state) {
    (void)state;
    enum { STRIDE = IMAGE + 5 };
    dn_session *session = open_session(1);
    float *apart = floats((size_t)COUNT * STRIDE);
    for (size_t n = 0; n < COUNT; n++) memcpy(apart + n * STRIDE, inputs + n * IMAGE, IMAGE * sizeof *apart);
    apart[3 * STRIDE + (2 * SIDE + 7) * 3 + 1] = INFINITY;
    dn_error error;
    assert_int_equal(
        dn_session_forward_strided(session, apart, STRIDE, COUNT, &(dn_outputs){.map = NULL}, &error),
        DN_ERR_ARGUMENT);
    assert_string_equal(error.message, "inputs: image 3 holds inf at row 2, column 7, channel 1");
    free(apart);
    dn_session_free(session);
}

/* Weights that are finite each, and whose sums are not. */
static void test_a_result_that_is_not_finite_is_told_with_its_name(void **state) {
    (void)state;
    dn_weights *weights = seeded_weights(&small, SEED);
    assert_non_null(weights);
    float *const gamma = dni_tensor_dict_find(weights->tensors, "features.norm5.weight")->data;
    for (size_t i = 0; i < features; i++) gamma[i] = FLT_MAX;
    dn_model *large;
    dn_session *session;
    dn_error error;
    assert_int_equal(dn_model_create(&large, weights, NULL, &error), DN_OK);
    dn_weights_free(weights);
    dn_session_options options = dn_session_options_default();
    options.height = options.width = SIDE;
    assert_int_equal(dn_session_create(&session, large, &options, &error), DN_OK);
    const dn_outputs all = results(0);
    assert_int_equal(dn_session_forward(session, inputs, 1, &(dn_outputs){.features = all.features}, &error),
                     DN_ERR_OVERFLOW);
    assert_string_equal(error.message,
                        "features of image 0 are not finite: the network's weights are too large");
    assert_int_equal(dn_session_forward(session, inputs, 1, &(dn_outputs){.map = all.map}, &error),
                     DN_ERR_OVERFLOW);
    assert_int_equal(dn_session_forward(session, inputs, 1, &(dn_outputs){.logits = all.logits}, &error),
                     DN_ERR_OVERFLOW);
    free_results(&all);
    dn_session_free(session);
    dn_model_free(large);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_strides_give_the_bits_of_dense_arrays),
        cmocka_unit_test(test_strides_give_the_bits_of_dense_arrays_in_the_portable_tier),
        cmocka_unit_test(test_strides_are_one_by_one),
        cmocka_unit_test(test_a_stride_below_the_row_is_refused_by_name),
        cmocka_unit_test(test_a_number_that_is_not_finite_is_told_with_its_image),
        cmocka_unit_test(test_a_result_that_is_not_finite_is_told_with_its_name),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
