/* SPDX-License-Identifier: MIT */
/* Names as text output shows them: what could act on a terminal is escaped, all else stays, nothing is
 * lost. */
#define _GNU_SOURCE /* pipe2() and O_DIRECT */
#include "ftrain/shell/quote.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void quotes(const char *name, const char *expected) {
    char *quoted = quote_text(name), *written = NULL;
    size_t size;
    FILE *stream = open_memstream(&written, &size);
    quote_write(stream, name);
    fclose(stream);
    assert_string_equal(quoted, expected);
    assert_string_equal(written, expected);
    int characters = 0; /* all of these are one of Unicode's each */
    for (const char *c = expected; *c; c++) characters += ((unsigned char)*c & 0xc0) != 0x80;
    assert_int_equal(quote_width(name), characters);
    free(quoted);
    free(written);
}

static void test_names_of_letters_stay(void **state) {
    (void)state;
    quotes("", "");
    quotes("photos/a b (1)'s \"best\".jpg", "photos/a b (1)'s \"best\".jpg");
    quotes(
        "Stra\xc3\x9f"
        "e/\xe6\xbc\xa2\xe5\xad\x97/\xf0\x9f\x8c\xb7.png",
        "Stra\xc3\x9f"
        "e/\xe6\xbc\xa2\xe5\xad\x97/\xf0\x9f\x8c\xb7.png");
    quotes("\xc2\xa0\xe2\x80\xa7\xe2\x80\xaf\xe2\x81\xa5\xe2\x81\xaa",
           "\xc2\xa0\xe2\x80\xa7\xe2\x80\xaf\xe2\x81\xa5\xe2\x81\xaa");
}

/* Each character that is escaped lies once across every place of a block's end. */
static void test_names_of_any_length_are_whole(void **state) {
    (void)state;
    enum { LONGEST = 4000 };
    static char name[LONGEST + 8], expected[LONGEST + 16];
    for (int length = 1000; length < LONGEST; length += length < 1040 ? 1 : 991) {
        memset(name, 'n', (size_t)length);
        memcpy(name + length, "\xe2\x80\xaez", 5);
        memset(expected, 'n', (size_t)length);
        memcpy(expected + length, "\\xe2\\x80\\xaez", 14);
        quotes(name, expected);
    }
}

/* Standard error has no buffer: a message was as many calls of the system as it has characters. */
static void test_a_name_is_one_write(void **state) {
    (void)state;
    char name[12]; /* a pipe has room for 16 packets */
    int channel[2];
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    assert_int_equal(pipe2(channel, O_DIRECT), 0); /* each write is a packet */
    FILE *stream = fdopen(channel[1], "w");
    assert_non_null(stream);
    setvbuf(stream, NULL, _IONBF, 0);
    quote_write(stream, name);
    char packet[sizeof name];
    assert_int_equal(read(channel[0], packet, sizeof packet), sizeof name - 1);
    fclose(stream);
    close(channel[0]);
}

static void test_control_characters_are_escaped(void **state) {
    (void)state;
    quotes("two\nlines\tand\rmore", "two\\nlines\\tand\\rmore");
    quotes("\x1b[31mred\x07\x7f", "\\x1b[31mred\\x07\\x7f");
    quotes(
        "\xc2\x9b"
        "2J\xc2\x80\xc2\x9f",
        "\\xc2\\x9b2J\\xc2\\x80\\xc2\\x9f");
}

static void test_direction_marks_and_separators_are_escaped(void **state) {
    (void)state;
    quotes("\xe2\x80\xaegpj.exe", "\\xe2\\x80\\xaegpj.exe");
    quotes("\xe2\x80\x8e\xe2\x80\x8f\xe2\x80\xa8\xe2\x81\xa6\xe2\x81\xa9\xd8\x9c",
           "\\xe2\\x80\\x8e\\xe2\\x80\\x8f\\xe2\\x80\\xa8\\xe2\\x81\\xa6\\xe2\\x81\\xa9\\xd8\\x9c");
}

static void test_bytes_that_are_not_utf8_are_escaped(void **state) {
    (void)state;
    quotes(
        "a\xff"
        "b\xc3",
        "a\\xffb\\xc3");
    quotes("\xc0\xaf\xed\xa0\x80", "\\xc0\\xaf\\xed\\xa0\\x80");
}

static void test_the_backslash_is_doubled_so_that_names_come_back(void **state) {
    (void)state;
    quotes("a\\nb", "a\\\\nb");
    quotes("\\", "\\\\");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names_of_letters_stay),
        cmocka_unit_test(test_names_of_any_length_are_whole),
        cmocka_unit_test(test_a_name_is_one_write),
        cmocka_unit_test(test_control_characters_are_escaped),
        cmocka_unit_test(test_direction_marks_and_separators_are_escaped),
        cmocka_unit_test(test_bytes_that_are_not_utf8_are_escaped),
        cmocka_unit_test(test_the_backslash_is_doubled_so_that_names_come_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
