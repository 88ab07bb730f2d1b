/* SPDX-License-Identifier: MIT */
/* Names in lines of text: escaped and back; what is escaped is tested in test/ftrain/test_quote.c. */
#include "io/escape.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void test_every_name_comes_back(void **state) {
    (void)state;
    static const char *const names[] = {"",
                                        "a b.jpg",
                                        "\\",
                                        "\\n",
                                        "a\tb\nc\rd\x01\x7f\x1b[2J",
                                        "\xff\xfe",
                                        "Stra\xc3\x9f-e",
                                        "\xe2\x80\xaegpj.exe",
                                        "\\\\x41"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char *escaped = dni_escape(names[i]);
        assert_null(strpbrk(escaped, "\t\n\r"));
        assert_int_equal(dni_unescape(escaped, strlen(escaped)), strlen(names[i]));
        assert_string_equal(escaped, names[i]);
        free(escaped);
    }
}

static void test_every_byte_comes_back(void **state) {
    (void)state;
    for (int byte = 1; byte < 256; byte++) {
        const char name[] = {'a', (char)byte, 'b', '\0'};
        char *escaped = dni_escape(name);
        assert_int_equal(dni_unescape(escaped, strlen(escaped)), 3);
        assert_string_equal(escaped, name);
        free(escaped);
    }
}

static void test_what_is_no_escape_is_refused(void **state) {
    (void)state;
    static const char *const wrong[] = {"\\",    "a\\",   "\\q",   "\\x",  "\\x4",
                                        "\\xg1", "\\x4G", "\\x00", "\\xAB"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        char text[16];
        strcpy(text, wrong[i]);
        assert_int_equal(dni_unescape(text, strlen(text)), -1);
    }
    char zero[] = "a\0b";
    assert_int_equal(dni_unescape(zero, 3), -1);
}

static void test_the_size_ends_the_text(void **state) {
    (void)state;
    char text[] = "a\\x41\tnext";
    assert_int_equal(dni_unescape(text, 5), 2);
    assert_string_equal(text, "aA");
    char cut[] = "a\\x41";
    assert_int_equal(dni_unescape(cut, 4), -1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_name_comes_back),
        cmocka_unit_test(test_every_byte_comes_back),
        cmocka_unit_test(test_what_is_no_escape_is_refused),
        cmocka_unit_test(test_the_size_ends_the_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
