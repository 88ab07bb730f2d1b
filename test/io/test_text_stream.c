/* SPDX-License-Identifier: MIT */
/* What is printed into memory is there byte for byte, however long it is and however it was cut. What comes
 * of it without memory, test_failures.c asks. */
#include "io/text_stream.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Closes it, and compares. */
static void assert_text(dni_text_stream *stream, const char *expected, size_t size) {
    assert_true(dni_text_stream_close(stream));
    assert_null(stream->to);
    assert_non_null(stream->text);
    assert_int_equal(stream->size, size);
    assert_true(stream->capacity > size); /* the zero has a place */
    assert_memory_equal(stream->text, expected, size);
    assert_int_equal(stream->text[size], '\0');
    free(stream->text);
}

static void test_nothing_is_an_empty_text(void **state) {
    (void)state;
    dni_text_stream stream;
    assert_true(dni_text_stream_open(&stream));
    assert_text(&stream, "", 0);
}

static void test_every_byte_is_kept(void **state) {
    enum { BYTES = 256, WAYS = 3 };
    char expected[WAYS * BYTES];
    (void)state;
    for (int i = 0; i < WAYS * BYTES; i++) expected[i] = (char)(i % BYTES);
    dni_text_stream stream;
    assert_true(dni_text_stream_open(&stream));
    for (int i = 0; i < BYTES; i++) assert_int_equal(fputc(i, stream.to), i);
    for (int i = 0; i < BYTES; i++) assert_int_equal(fprintf(stream.to, "%c", i), 1);
    assert_int_equal(fwrite(expected, 1, BYTES, stream.to), BYTES);
    assert_text(&stream, expected, sizeof expected);
}

/* Byte i of a text in which no part is like another. */
static char byte_of(size_t i) {
    return (char)((uint32_t)i * 2654435761u >> 24);
}

/* Around each power of two, where the block of memory is full, and with the zero behind it is not. */
static void test_every_length_around_the_ends_of_blocks(void **state) {
    (void)state;
    for (size_t block = 128; block <= 1 << 17; block *= 2)
        for (size_t size = block - 2; size <= block + 2; size++) {
            char *const expected = malloc(size);
            assert_non_null(expected);
            for (size_t i = 0; i < size; i++) expected[i] = byte_of(i);
            dni_text_stream stream;
            assert_true(dni_text_stream_open(&stream));
            assert_int_equal(fwrite(expected, 1, size, stream.to), size);
            assert_text(&stream, expected, size);
            free(expected);
        }
}

/* 32 MB in pieces of 1 to 100,000 bytes, some of them flushed. */
static void test_a_large_text_in_pieces(void **state) {
    enum { SIZE = 32 << 20, MOST = 100000 };
    (void)state;
    char *const expected = malloc(SIZE);
    assert_non_null(expected);
    for (size_t i = 0; i < SIZE; i++) expected[i] = byte_of(i);
    dni_text_stream stream;
    assert_true(dni_text_stream_open(&stream));
    for (size_t at = 0, piece; at < SIZE; at += piece) {
        piece = 1 + (at * 7919 + 1) % MOST;
        if (piece > SIZE - at) piece = SIZE - at;
        assert_int_equal(fwrite(expected + at, 1, piece, stream.to), piece);
        if (piece % 3 == 0) assert_int_equal(fflush(stream.to), 0);
    }
    assert_true(stream.capacity <= 2 * (size_t)SIZE);
    assert_text(&stream, expected, SIZE);
    free(expected);
}

static void test_closing_what_is_not_open(void **state) {
    (void)state;
    dni_text_stream stream = {0};
    assert_false(dni_text_stream_close(&stream));
    assert_null(stream.text);
    assert_true(dni_text_stream_open(&stream));
    fputs("once", stream.to);
    assert_true(dni_text_stream_close(&stream));
    assert_true(dni_text_stream_close(&stream));
    assert_string_equal(stream.text, "once");
    free(stream.text);
}

/* A page has two of them open at the same time. */
static void test_streams_do_not_mix(void **state) {
    (void)state;
    dni_text_stream one, other;
    assert_true(dni_text_stream_open(&one));
    assert_true(dni_text_stream_open(&other));
    for (int i = 0; i < 1000; i++) {
        fprintf(one.to, "%d", i % 2);
        fprintf(other.to, "%d", 2 + i % 2);
    }
    assert_true(dni_text_stream_close(&one));
    assert_int_equal(strspn(one.text, "01"), 1000);
    assert_true(dni_text_stream_close(&other));
    assert_int_equal(strspn(other.text, "23"), 1000);
    free(one.text);
    free(other.text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_is_an_empty_text),
        cmocka_unit_test(test_every_byte_is_kept),
        cmocka_unit_test(test_every_length_around_the_ends_of_blocks),
        cmocka_unit_test(test_a_large_text_in_pieces),
        cmocka_unit_test(test_closing_what_is_not_open),
        cmocka_unit_test(test_streams_do_not_mix),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
