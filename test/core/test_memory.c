/* SPDX-License-Identifier: MIT */
/* The arena, and sizes that overflow. */
#include "core/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

static void test_an_arena_is_cut_as_it_was_measured(void **state) {
    (void)state;
    const size_t sizes[] = {1, 64, 65, 0, 1000};
    dni_arena measure = {0};
    for (size_t i = 0; i < 5; i++) assert_null(dni_arena_cut(&measure, sizes[i]));
    assert_int_equal(measure.used, 64 + 64 + 128 + 0 + 1024);
    dni_arena arena = {.base = dni_allocate(NULL, measure.used)};
    assert_non_null(arena.base);
    for (size_t i = 0; i < 5; i++) {
        char *piece = dni_arena_cut(&arena, sizes[i]);
        assert_int_equal((uintptr_t)piece % DNI_ALIGNMENT, 0);
        memset(piece, 1, sizes[i]);
    }
    assert_int_equal(arena.used, measure.used);
    dni_release(NULL, arena.base, measure.used);
}

static void test_sizes_that_overflow_are_reported(void **state) {
    (void)state;
    size_t out;
    assert_true(dni_size_mul(SIZE_MAX, 1, &out) && out == SIZE_MAX);
    assert_false(dni_size_mul(SIZE_MAX / 2 + 1, 2, &out));
    assert_true(dni_size_add(SIZE_MAX - 1, 1, &out) && out == SIZE_MAX);
    assert_false(dni_size_add(SIZE_MAX, 1, &out));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_arena_is_cut_as_it_was_measured),
        cmocka_unit_test(test_sizes_that_overflow_are_reported),
    };
    return cmocka_run_group_tests_name("memory", tests, NULL, NULL);
}
