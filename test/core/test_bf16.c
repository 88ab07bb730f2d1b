/* SPDX-License-Identifier: MIT */
/* Rounding to bfloat16 is to the nearest, ties to even, by its definition: no other bfloat16 is nearer. */
#include "core/bf16.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static float float_of(uint32_t bits) {
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* Every upper half with lower halves around the tie; beyond the largest finite number lies infinity. */
static void test_every_upper_half_rounds_to_the_nearest(void **state) {
    (void)state;
    static const uint32_t lower[] = {0, 1, 0x7fff, 0x8000, 0x8001, 0xffff};
    for (uint32_t upper = 0; upper < 0x10000; upper++) {
        if ((upper & 0x7f80) == 0x7f80) continue; /* infinities and NaN are below */
        for (size_t i = 0; i < sizeof lower / sizeof *lower; i++) {
            const uint32_t nearest = lower[i] < 0x8000   ? upper
                                     : lower[i] > 0x8000 ? upper + 1
                                                         : upper + (upper & 1);
            assert_int_equal(dni_bf16_of(float_of(upper << 16 | lower[i])), nearest);
        }
        assert_true(dni_bf16_value((uint16_t)upper) == float_of(upper << 16));
    }
}

static void test_infinity_and_nan_stay_what_they_are(void **state) {
    (void)state;
    assert_int_equal(dni_bf16_of(INFINITY), 0x7f80);
    assert_int_equal(dni_bf16_of(-INFINITY), 0xff80);
    assert_true(isnan(dni_bf16_value(dni_bf16_of(NAN))));
    assert_true(isnan(dni_bf16_value(dni_bf16_of(float_of(0x7f800001))))); /* its upper half is infinity's */
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_upper_half_rounds_to_the_nearest),
        cmocka_unit_test(test_infinity_and_nan_stay_what_they_are),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
