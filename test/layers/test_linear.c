/* SPDX-License-Identifier: MIT */
/* The fully connected layer: against torch and against its definition. */
#include "layers/linear.h"

#include "test/support/layers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static void test_output_is_torchs(void **state) {
    (void)state;
    golden file = golden_load("linear");
    const int rows = golden_size(&file, 0), in = golden_size(&file, 1), out = golden_size(&file, 2);
    float *y = floats_alloc(file.size[4]);
    dni_linear(file.array[1], (size_t)in, rows, file.array[2], file.array[3], in, out, y, (size_t)out, NULL);
    /* sums of 133 products in float32 */
    assert_true(relative_error(y, file.array[4], file.size[4]) <= 1e-6);
    free(y);
    golden_free(&file);
}

/* Lengths around the number of partial sums, where a tail could be lost or read twice. */
static void test_every_length_equals_the_definition(void **state) {
    (void)state;
    enum { ROWS = 2, OUT = 3, LONGEST = 100 };
    for (int in = 1; in <= LONGEST; in++) {
        const size_t n = (size_t)in;
        float *x = floats_alloc(ROWS * n), *weight = floats_alloc(OUT * n);
        float bias[OUT], y[ROWS * OUT], expected[ROWS * OUT];
        floats_fill(x, ROWS * n, 1, 0, 1);
        floats_fill(weight, OUT * n, 2, 0, 1);
        floats_fill(bias, OUT, 3, 0, 1);
        for (size_t r = 0; r < ROWS; r++) {
            for (size_t o = 0; o < OUT; o++) {
                double sum = (double)bias[o];
                for (size_t i = 0; i < n; i++) sum += (double)x[r * n + i] * (double)weight[o * n + i];
                expected[r * OUT + o] = (float)sum;
            }
        }
        dni_linear(x, (size_t)in, ROWS, weight, bias, in, OUT, y, OUT, NULL);
        assert_true(relative_error(y, expected, ROWS * OUT) <= 2e-6); /* of 100 products at most */
        free(x), free(weight);
    }
}

static void test_bits_depend_neither_on_threads_nor_on_other_rows(void **state) {
    (void)state;
    enum { ROWS = 5, IN = 1000, OUT = 70 };
    float *x = floats_alloc(ROWS * IN), *weight = floats_alloc(OUT * IN);
    float bias[OUT], expected[ROWS * OUT], y[ROWS * OUT];
    floats_fill(x, ROWS * IN, 1, 0, 1);
    floats_fill(weight, OUT * IN, 2, 0, 1);
    floats_fill(bias, OUT, 3, 0, 1);
    dni_linear(x, IN, ROWS, weight, bias, IN, OUT, expected, OUT, NULL);
    for (int threads = 1; threads <= 3; threads++) {
        dni_pool *pool;
        assert_int_equal(dni_pool_create(&pool, threads, NULL), DN_OK);
        dni_linear(x, IN, ROWS, weight, bias, IN, OUT, y, OUT, pool);
        assert_memory_equal(y, expected, sizeof y);
        dni_linear(x + 3 * IN, IN, 1, weight, bias, IN, OUT, y, OUT, pool);
        assert_memory_equal(y, expected + 3 * OUT, OUT * sizeof *y);
        dni_pool_free(pool);
    }
    free(x), free(weight);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_output_is_torchs),
        cmocka_unit_test(test_every_length_equals_the_definition),
        cmocka_unit_test(test_bits_depend_neither_on_threads_nor_on_other_rows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
