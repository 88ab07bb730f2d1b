/* SPDX-License-Identifier: MIT */
/* The order in which the classes of a prediction are told. */
#include "core/rng.h"
#include "ftrain/features/prediction.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>
#include <cmocka.h>

enum { MANY = 20000 };

/* By falling probability, equal ones in the model's order; quadratic in their number, many would take a
 * minute. */
static void test_classes_are_sorted_whatever_their_number(void **state) {
    (void)state;
    static const int counts[] = {1, 2, 3, 10, 1000, MANY};
    static float probabilities[MANY];
    static ranked_class order[MANY];
    dni_rng random = dni_rng_named(3, "prediction");
    for (size_t k = 0; k < sizeof counts / sizeof *counts; k++) {
        static _Bool is_there[MANY];
        const int count = counts[k];
        for (int c = 0; c < count; c++) {
            probabilities[c] = (float)dni_rng_below(&random, 1 + (uint64_t)count / 3); /* some are equal */
            is_there[c] = 0;
        }
        const prediction made = {.class_count = count, .probabilities = probabilities, .order = order};
        for (int round = 0; round < 50; round++) prediction_sort(&made);
        for (int i = 0; i < count; i++) is_there[order[i].index] = 1;
        for (int i = 0; i < count; i++) assert_true(is_there[i]);
        for (int i = 1; i < count; i++) {
            const float before = order[i - 1].probability, after = order[i].probability;
            assert_true(before > after || (before == after && order[i - 1].index < order[i].index));
            assert_true(after == probabilities[order[i].index]);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_classes_are_sorted_whatever_their_number),
    };
    return cmocka_run_group_tests_name("prediction", tests, NULL, NULL);
}
