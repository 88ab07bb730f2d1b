/* SPDX-License-Identifier: MIT */
/* Numbers are read whole or not at all. */
#include "core/number.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void test_whole_numbers_are_read(void **state) {
    (void)state;
    static const struct {
        const char *text;
        uint64_t value;
    } cases[] = {{"0", 0}, {"7", 7}, {"007", 7}, {"18446744073709551615", UINT64_MAX}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint64_t value = 1;
        assert_true(dni_parse_u64(cases[i].text, &value));
        assert_true(value == cases[i].value);
    }
}

static void test_any_other_text_is_refused_and_changes_nothing(void **state) {
    (void)state;
    static const char *const texts[] = {"",
                                        " 1",
                                        "1 ",
                                        "+1",
                                        "-1",
                                        "1.0",
                                        "0x1",
                                        "1e3",
                                        "one",
                                        "18446744073709551616",
                                        "99999999999999999999999"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        uint64_t value = 5;
        assert_false(dni_parse_u64(texts[i], &value));
        assert_true(value == 5);
    }
}

/* With what stands behind it. */
static void test_a_number_at_the_beginning_is_read(void **state) {
    (void)state;
    static const struct {
        const char *text, *rest; /* NULL: there is none */
        uint64_t value;
    } cases[] = {{"0", "", 0},
                 {"17-18", "-18", 17},
                 {"007 a", " a", 7},
                 {"18446744073709551615/", "/", UINT64_MAX},
                 {"18446744073709551616", NULL, 0},
                 {"99999999999999999999999999", NULL, 0},
                 {"", NULL, 0},
                 {"-1", NULL, 0},
                 {" 1", NULL, 0},
                 {"+1", NULL, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint64_t value = 42;
        const char *const rest = dni_number_at(cases[i].text, &value);
        if (cases[i].rest) {
            assert_string_equal(rest, cases[i].rest);
            assert_true(value == cases[i].value);
        } else {
            assert_null(rest);
            assert_true(value == 42);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whole_numbers_are_read),
        cmocka_unit_test(test_a_number_at_the_beginning_is_read),
        cmocka_unit_test(test_any_other_text_is_refused_and_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
