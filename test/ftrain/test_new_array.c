/* SPDX-License-Identifier: MIT */
/* Arrays whose sizes come from the input. */
#include "ftrain/shell/new_array.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static void test_memory_is_cleared_and_as_large_as_asked_for(void **state) {
    (void)state;
    double *values = new_matrix(300, 700, sizeof *values);
    assert_non_null(values);
    for (size_t i = 0; i < 300 * 700; i++) assert_true(values[i] >= 0 && values[i] <= 0);
    free(values);
}

static void test_an_array_of_nothing_is_there(void **state) {
    (void)state;
    int *nothing = new_array(0, sizeof *nothing);
    assert_non_null(nothing);
    free(nothing);
}

/* By plain multiplication these would be 8 and 0 bytes. */
static void test_sizes_that_do_not_fit_are_refused(void **state) {
    (void)state;
    assert_null(new_array(SIZE_MAX / 8 + 2, 8));
    assert_null(new_matrix(SIZE_MAX / 2 + 1, 2, 1));
    assert_null(new_matrix((size_t)1 << 33, (size_t)1 << 33, 4));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_memory_is_cleared_and_as_large_as_asked_for),
        cmocka_unit_test(test_an_array_of_nothing_is_there),
        cmocka_unit_test(test_sizes_that_do_not_fit_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
