/* SPDX-License-Identifier: MIT */
/* The exact tests against scipy's, at their edges, and as they judge an accuracy beside guessing. */
#include "head/significance.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

/* Of the p-value. scipy's comes from the incomplete beta function, good to about 11 digits at a million
 * trials; ours loses a rounding a term. Below 1e-300 neither has digits to spare. */
#define TOLERANCE 1e-9

static void compare(const char *what, double found, double wanted) {
    if (fabs(found - wanted) > TOLERANCE * wanted + 1e-300)
        fail_msg("%s: %.15g, not %.15g", what, found, wanted);
}

static void test_p_values_are_those_of_scipy(void **state) {
    (void)state;
    FILE *file = fopen("test/golden/head/significance.txt", "r");
    assert_non_null(file);
    char line[160];
    int binomial = 0, mcnemar = 0;
    while (fgets(line, sizeof line, file)) {
        int a, b;
        double rate, wanted;
        if (sscanf(line, "binomial %d %d %lf %lf", &a, &b, &rate, &wanted) == 4) {
            compare(line, dni_binomial_at_least(a, b, rate), wanted);
            binomial++;
        } else if (sscanf(line, "mcnemar %d %d %lf", &a, &b, &wanted) == 3) {
            compare(line, dni_mcnemar(a, b), wanted);
            mcnemar++;
        } else {
            fail_msg("not understood: %s", line);
        }
    }
    fclose(file);
    assert_int_equal(binomial, 30);
    assert_int_equal(mcnemar, 12);
}

static void test_certain_results_are_0_and_1(void **state) {
    (void)state;
    assert_true(dni_binomial_at_least(0, 0, 0.5) == 1.0);
    assert_true(dni_binomial_at_least(0, 9, 0.0) == 1.0);
    assert_true(dni_binomial_at_least(1, 9, 0.0) == 0.0);
    assert_true(dni_binomial_at_least(9, 9, 1.0) == 1.0);
    assert_true(dni_binomial_at_least(10, 9, 1.0) == 0.0);
    assert_true(dni_mcnemar(0, 0) == 1.0);
    assert_true(dni_mcnemar(7, 7) == 1.0);
}

/* Each outcome alone, so that a term counted twice or left out shows: a few of them written down by hand. */
static void test_tails_are_sums_of_single_outcomes(void **state) {
    (void)state;
    const double of_four[] = {1.0, 15.0 / 16, 11.0 / 16, 5.0 / 16, 1.0 / 16};
    for (int k = 0; k <= 4; k++) compare("of four", dni_binomial_at_least(k, 4, 0.5), of_four[k]);
    compare("rare", dni_binomial_at_least(1, 2, 0.1), 0.19);
    compare("frequent", dni_binomial_at_least(2, 2, 0.9), 0.81);
}

static void test_an_accuracy_beside_the_largest_class(void **state) {
    (void)state;
    const int of_class[] = {10, 67, 57};
    dni_versus_largest versus = dni_versus_largest_class(of_class, 3, 76);
    assert_int_equal(versus.largest, 1);
    assert_int_equal(versus.guessed, 67);
    compare("share", versus.share, 0.5);
    compare("p", versus.p_value, dni_binomial_at_least(76, 134, 0.5));
    assert_false(versus.better);
    assert_true(dni_versus_largest_class(of_class, 3, 80).better);
    assert_false(dni_versus_largest_class(of_class, 3, 20).better);
}

static void test_nothing_is_better_than_guessing_where_all_pictures_are_of_one_class(void **state) {
    (void)state;
    const int one[] = {0, 50}, none[] = {0, 0}, equal[] = {5, 5};
    const dni_versus_largest all = dni_versus_largest_class(one, 2, 50);
    assert_true(all.share == 1.0 && all.p_value == 1.0 && !all.better);
    const dni_versus_largest nothing = dni_versus_largest_class(none, 2, 0);
    assert_true(nothing.share == 0.0 && nothing.p_value == 1.0 && !nothing.better);
    assert_int_equal(dni_versus_largest_class(equal, 2, 5).largest, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_p_values_are_those_of_scipy),
        cmocka_unit_test(test_certain_results_are_0_and_1),
        cmocka_unit_test(test_tails_are_sums_of_single_outcomes),
        cmocka_unit_test(test_an_accuracy_beside_the_largest_class),
        cmocka_unit_test(test_nothing_is_better_than_guessing_where_all_pictures_are_of_one_class),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
