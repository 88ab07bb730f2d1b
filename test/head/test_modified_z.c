/* SPDX-License-Identifier: MIT */
/* Modified z-scores, against values worked out by hand from the definition. */
#include "head/modified_z.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void assert_scores(double *values, size_t count, const double *expected) {
    double scratch[16];
    dni_modified_z(values, scratch, count);
    for (size_t i = 0; i < count; i++) assert_true(fabs(values[i] - expected[i]) < 1e-12);
}

/* Median 3, distances 2 1 0 1 97, their median 1. */
static void test_one_value_stands_out(void **state) {
    (void)state;
    double values[] = {4, 100, 1, 3, 2};
    const double expected[] = {0.6745, 97 * 0.6745, -2 * 0.6745, 0, -0.6745};
    assert_scores(values, 5, expected);
}

/* Median 2.5, distances 1.5 0.5 0.5 7.5, their median 1. */
static void test_of_an_even_number_the_median_lies_between(void **state) {
    (void)state;
    double values[] = {1, 2, 3, 10};
    const double expected[] = {-1.5 * 0.6745, -0.5 * 0.6745, 0.5 * 0.6745, 7.5 * 0.6745};
    assert_scores(values, 4, expected);
}

static void test_values_that_do_not_vary_are_all_0(void **state) {
    (void)state;
    double values[] = {5, 5, 5, 9};
    const double expected[] = {0, 0, 0, 0};
    assert_scores(values, 4, expected);
    assert_scores(values, 0, expected);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_value_stands_out),
        cmocka_unit_test(test_of_an_even_number_the_median_lies_between),
        cmocka_unit_test(test_values_that_do_not_vary_are_all_0),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
