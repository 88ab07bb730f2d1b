/* SPDX-License-Identifier: MIT */
/* Random numbers. */
#include "core/rng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* Expected: a dozen lines of Python over the definitions in core/rng.h; the first stream is SplitMix64's own
 * published sequence for seed 0. */
static void test_random_numbers_are_the_published_ones(void **state) {
    (void)state;
    dni_rng zero = {.key = 0};
    assert_true(dni_rng_next(&zero) == 0xe220a8397b1dcdafu);
    assert_true(dni_rng_next(&zero) == 0x6e789e6aa1b965f4u);
    assert_true(dni_rng_next(&zero) == 0x06c45d188009454fu);

    const dni_rng named = dni_rng_named(42, "weights");
    assert_true(named.key == 0x26aea6dd2b6b9a48u && named.position == 0);
    assert_true(dni_rng_at(&named, 0) == 0x94f78066949b8a80u);
    assert_true(dni_rng_at(&named, 3) == 0xc95190c296752a0eu);
    assert_true(dni_rng_at(&named, 1000000000000u) == 0x5f6fd2a51d9c3874u);

    dni_rng uniform = named;
    assert_true(dni_rng_uniform(&uniform) == 9762688 * 0x1p-24f);
    assert_true(dni_rng_uniform(&uniform) == 2732183 * 0x1p-24f);

    dni_rng bounded = named;
    static const uint64_t below10[] = {5, 1, 8, 7, 1, 0, 9, 2};
    for (size_t i = 0; i < 8; i++) assert_true(dni_rng_below(&bounded, 10) == below10[i]);
    assert_true(dni_rng_below(&bounded, 6000000000000000000u) == 2759052625851790456u);
    assert_true(dni_rng_below(&bounded, 1) == 0);

    dni_rng shuffled = named;
    uint32_t items[] = {0, 1, 2, 3, 4, 5, 6, 7};
    static const uint32_t expected[] = {2, 6, 7, 0, 3, 5, 1, 4};
    dni_rng_shuffle(&shuffled, items, 8);
    assert_memory_equal(items, expected, sizeof items);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_numbers_are_the_published_ones),
    };
    return cmocka_run_group_tests_name("rng", tests, NULL, NULL);
}
