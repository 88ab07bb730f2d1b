/* SPDX-License-Identifier: MIT */
/* Batch norm as an affine map, folded into a convolution, and its statistics: against torch. */
#include "layers/batch_norm.h"

#include "layers/conv2d.h"
#include "test/support/layers.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static void test_scale_and_shift_normalise_like_torch(void **state) {
    (void)state;
    golden file = golden_load("batch_norm");
    const int channels = golden_size(&file, 3);
    const size_t count = file.size[1];
    float *scale = floats_alloc((size_t)channels), *shift = floats_alloc((size_t)channels);
    float *y = floats_alloc(count);
    dni_batch_norm_scale_shift(file.array[2], file.array[3], file.array[4], file.array[5], channels, scale,
                               shift);
    for (size_t i = 0; i < count; i++)
        y[i] = scale[i % (size_t)channels] * file.array[1][i] + shift[i % (size_t)channels];
    /* scale and shift are each rounded once, and so are product and sum */
    assert_true(relative_error(y, file.array[6], count) <= 3e-7);
    free(scale), free(shift), free(y);
    golden_free(&file);
}

static void test_scale_and_shift_may_be_written_over_their_sources(void **state) {
    (void)state;
    float gamma[3] = {1, 2, -3}, beta[3] = {0, 1, 2};
    const float mean[3] = {4, 5, 6}, variance[3] = {1, 0, 9};
    float scale[3], shift[3];
    dni_batch_norm_scale_shift(gamma, beta, mean, variance, 3, scale, shift);
    dni_batch_norm_scale_shift(gamma, beta, mean, variance, 3, gamma, beta);
    assert_memory_equal(gamma, scale, sizeof scale);
    assert_memory_equal(beta, shift, sizeof shift);
}

/* A padded 3x3, so that a shift applied before the padding instead of behind the sum would show. */
static void test_folded_convolution_equals_convolution_then_norm(void **state) {
    (void)state;
    golden file = golden_load("batch_norm_folded");
    const int n = golden_size(&file, 0), h = golden_size(&file, 1), w = golden_size(&file, 2);
    const int in = golden_size(&file, 3), out = golden_size(&file, 4);
    const dni_conv2d conv = {.in_channels = in, .out_channels = out, .kernel = 3, .stride = 1, .pad = 1};
    float *scale = floats_alloc((size_t)out), *shift = floats_alloc((size_t)out);
    float *weight = floats_alloc(file.size[2]), *bias = floats_alloc((size_t)out);
    float *y = floats_alloc(file.size[7]);
    dni_batch_norm_scale_shift(file.array[3], file.array[4], file.array[5], file.array[6], out, scale, shift);
    dni_batch_norm_fold(scale, shift, out, 9 * in, file.array[2], weight, bias);

    const dni_conv2d_kernel *kernel = dni_conv2d_kernels[0];
    const dni_tensor tx = dni_tensor_nhwc(file.array[1], n, h, w, in), ty = dni_tensor_nhwc(y, n, h, w, out);
    const size_t packed_size = kernel->packed_size(&conv), scratch_size = kernel->scratch_size(&conv, &tx, 1);
    float *packed = floats_alloc(packed_size / 4), *scratch = floats_alloc(scratch_size / 4);
    kernel->pack(&conv, &(dni_conv2d_params){.weight = weight}, packed);
    kernel->run(&conv, packed, &tx, &ty, scratch, NULL);
    for (size_t i = 0; i < file.size[7]; i++) y[i] += bias[i % (size_t)out];
    /* weights rounded twice, then a sum of 54 of them */
    assert_true(relative_error(y, file.array[7], file.size[7]) <= 5e-7);

    dni_batch_norm_fold(scale, shift, out, 9 * in, file.array[2], file.array[2], bias); /* in place */
    assert_memory_equal(file.array[2], weight, file.size[2] * sizeof *weight);
    free(scale), free(shift), free(weight), free(bias), free(y), free(packed), free(scratch);
    golden_free(&file);
}

static void test_channel_statistics_are_torchs(void **state) {
    (void)state;
    golden file = golden_load("batch_norm");
    const int n = golden_size(&file, 0), h = golden_size(&file, 1), w = golden_size(&file, 2),
              c = golden_size(&file, 3);
    double mean[32], variance[32];
    float rounded_mean[32], rounded_variance[32];
    const dni_tensor x = dni_tensor_nhwc(file.array[1], n, h, w, c);
    assert_true(c <= 32);
    dni_channel_statistics(&x, mean, variance, NULL);
    for (int i = 0; i < c; i++) {
        rounded_mean[i] = (float)mean[i];
        rounded_variance[i] = (float)variance[i];
    }
    /* the golden file's own rounding */
    assert_true(relative_error(rounded_mean, file.array[7], (size_t)c) <= 1e-7);
    assert_true(relative_error(rounded_variance, file.array[8], (size_t)c) <= 1e-7);
    golden_free(&file);
}

/* A mean a million deviations away would leave nothing of the variance in a one-pass formula. */
static void test_variance_survives_a_mean_far_away(void **state) {
    (void)state;
    float data[4] = {16777216.0f, 16777218.0f, 16777216.0f, 16777218.0f};
    double mean, variance;
    const dni_tensor x = dni_tensor_nhwc(data, 1, 2, 2, 1);
    dni_channel_statistics(&x, &mean, &variance, NULL);
    assert_true(mean == 16777217.0);
    assert_true(variance == 1.0);
}

static void test_statistics_of_a_slice_have_the_same_bits_on_any_number_of_threads(void **state) {
    (void)state;
    enum { N = 2, H = 5, W = 7, C = 50, WIDE = 61 };
    float *wide = floats_alloc(N * H * W * WIDE), *dense = floats_alloc(N * H * W * C);
    double expected[2][C];
    floats_fill(wide, N * H * W * WIDE, 1, 2, 3);
    const dni_tensor buffer = dni_tensor_nhwc(wide, N, H, W, WIDE);
    const dni_tensor slice = dni_tensor_slice(&buffer, 3, 6, C);
    dni_tensor_to_f32(&slice, dense);
    const dni_tensor copy = dni_tensor_nhwc(dense, N, H, W, C);
    dni_channel_statistics(&copy, expected[0], expected[1], NULL);
    for (int threads = 1; threads <= 3; threads++) {
        dni_pool *pool;
        double measured[2][C];
        assert_int_equal(dni_pool_create(&pool, threads, NULL), DN_OK);
        dni_channel_statistics(&slice, measured[0], measured[1], pool);
        assert_memory_equal(measured, expected, sizeof measured);
        dni_pool_free(pool);
    }
    free(wide), free(dense);
}

/* Against the integral of max(0, x) over the normal density by the midpoint rule. */
static void test_the_mean_behind_a_relu_is_that_of_a_normal_distribution(void **state) {
    (void)state;
    const float gamma[] = {1.0f, -1.0f, 0.5f, 2.0f, 0.3f, 0.0f, 0.0f},
                beta[] = {0, 0, 0.7f, -3.0f, -2.0f, 1.5f, -1};
    enum { CHANNELS = sizeof gamma / sizeof *gamma, STEPS = 200000 };
    float mean[CHANNELS];
    dni_batch_norm_relu_mean(gamma, beta, CHANNELS, mean);
    for (int c = 0; c < CHANNELS; c++) {
        double sum = 0.0;
        for (int i = 0; i < STEPS; i++) {
            const double z = -10.0 + 20.0 * (i + 0.5) / STEPS;
            sum += fmax(0.0, (double)beta[c] + (double)gamma[c] * z) * exp(-0.5 * z * z) * 20.0 / STEPS /
                   2.50662827463;
        }
        if (fabs(sum - (double)mean[c]) > 1e-6)
            fail_msg("channel %d: %.9g, not %.9g", c, (double)mean[c], sum);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scale_and_shift_normalise_like_torch),
        cmocka_unit_test(test_scale_and_shift_may_be_written_over_their_sources),
        cmocka_unit_test(test_folded_convolution_equals_convolution_then_norm),
        cmocka_unit_test(test_the_mean_behind_a_relu_is_that_of_a_normal_distribution),
        cmocka_unit_test(test_channel_statistics_are_torchs),
        cmocka_unit_test(test_variance_survives_a_mean_far_away),
        cmocka_unit_test(test_statistics_of_a_slice_have_the_same_bits_on_any_number_of_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
