/* SPDX-License-Identifier: MIT */
/* Global average pooling behind batch norm and ReLU: against torch, and what it promises about bits. */
#include "layers/pooling.h"

#include "test/support/layers.h"
#include "test/support/pools.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* scale * x and the sum are rounded once each; pixels are summed in double precision. */
static const double tolerance = 3e-7;

static void test_features_and_map_are_torchs(void **state) {
    (void)state;
    golden file = golden_load("pooling");
    const int n = golden_size(&file, 0), h = golden_size(&file, 1), w = golden_size(&file, 2),
              c = golden_size(&file, 3);
    const size_t features_count = (size_t)n * (size_t)c, map_count = features_count * (size_t)h * (size_t)w;
    float *features = floats_alloc(features_count), *map = floats_alloc(map_count);
    const dni_tensor x = dni_tensor_nhwc(file.array[1], n, h, w, c);
    dni_bn_relu_global_avg_pool(&x, file.array[2], file.array[3],
                                (dni_pooled){features, (size_t)c, map, (size_t)(h * w * c)}, NULL);
    assert_int_equal(file.size[4], features_count);
    assert_true(relative_error(features, file.array[4], features_count) <= tolerance);
    assert_true(relative_error(map, file.array[5], map_count) <= tolerance);
    free(features), free(map);
    golden_free(&file);
}

/* The last block's channels lie in a wider buffer of which nothing else may be used. */
static void test_a_slice_of_a_wider_buffer_pools_like_a_copy_of_it(void **state) {
    (void)state;
    enum { N = 2, H = 3, W = 2, C = 70, WIDE = 90, FIRST = 11 };
    float *wide = floats_alloc(N * H * W * WIDE), *dense = floats_alloc(N * H * W * C);
    float scale[C], shift[C], from_slice[N * C], from_copy[N * C];
    floats_fill(wide, N * H * W * WIDE, 1, 0, 1);
    floats_fill(scale, C, 2, 1, 0.2f);
    floats_fill(shift, C, 3, 0, 0.2f);
    const dni_tensor buffer = dni_tensor_nhwc(wide, N, H, W, WIDE);
    const dni_tensor slice = dni_tensor_slice(&buffer, 3, FIRST, C);
    dni_tensor_to_f32(&slice, dense);
    const dni_tensor copy = dni_tensor_nhwc(dense, N, H, W, C);
    dni_bn_relu_global_avg_pool(&slice, scale, shift,
                                (dni_pooled){.features = from_slice, .features_stride = C}, NULL);
    dni_bn_relu_global_avg_pool(&copy, scale, shift,
                                (dni_pooled){.features = from_copy, .features_stride = C}, NULL);
    assert_memory_equal(from_slice, from_copy, sizeof from_copy);
    free(wide), free(dense);
}

static void test_bits_depend_neither_on_threads_nor_on_the_batch_nor_on_the_map(void **state) {
    (void)state;
    enum { N = 3, H = 5, W = 7, C = 200 };
    float *data = floats_alloc(N * H * W * C), *map = floats_alloc(N * H * W * C);
    float scale[C], shift[C], expected[N * C];
    floats_fill(data, N * H * W * C, 1, 0, 1);
    floats_fill(scale, C, 2, 1, 0.2f);
    floats_fill(shift, C, 3, 0, 0.2f);
    const dni_tensor x = dni_tensor_nhwc(data, N, H, W, C);
    dni_bn_relu_global_avg_pool(&x, scale, shift, (dni_pooled){expected, C, map, H * W * C}, NULL);
    for (int threads = 1; threads; threads = more_threads(threads)) {
        dni_pool *pool;
        float features[N * C];
        assert_int_equal(dni_pool_create(&pool, threads, NULL), DN_OK);
        dni_bn_relu_global_avg_pool(&x, scale, shift,
                                    (dni_pooled){.features = features, .features_stride = C}, pool);
        assert_memory_equal(features, expected, sizeof features);
        const dni_tensor last = dni_tensor_slice(&x, 0, N - 1, 1);
        dni_bn_relu_global_avg_pool(&last, scale, shift,
                                    (dni_pooled){.features = features, .features_stride = C}, pool);
        assert_memory_equal(features, expected + (N - 1) * C, C * sizeof *features);
        dni_pool_free(pool);
    }
    free(data), free(map);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_features_and_map_are_torchs),
        cmocka_unit_test(test_a_slice_of_a_wider_buffer_pools_like_a_copy_of_it),
        cmocka_unit_test(test_bits_depend_neither_on_threads_nor_on_the_batch_nor_on_the_map),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
