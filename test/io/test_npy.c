/* SPDX-License-Identifier: MIT */
/* .npy: headers that NumPy writes are read, others are refused, and nothing behind the last byte is looked at
 * (which a sanitizer would tell). Whole files of NumPy's are read in test/ftrain/test_import.c. */
#include "io/npy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* A .npy of that version: the dictionary, then `size` bytes of elements. In memory of its exact size. */
static unsigned char *file_of(unsigned version, const char *dictionary, const void *elements, size_t size,
                              size_t *total) {
    const size_t prefix = version == 1 ? 10 : 12, length = strlen(dictionary) + 1;
    *total = prefix + length + size;
    unsigned char *bytes = calloc(1, *total);
    assert_non_null(bytes);
    memcpy(bytes, "\x93NUMPY", 6);
    bytes[6] = (unsigned char)version;
    bytes[8] = (unsigned char)length;
    memcpy(bytes + prefix, dictionary, length - 1);
    bytes[prefix + length - 1] = '\n';
    if (size) memcpy(bytes + prefix + length, elements, size);
    return bytes;
}

static dn_status parse(unsigned version, const char *dictionary, size_t size, const char *needle) {
    static const char elements[256];
    size_t total;
    unsigned char *bytes = file_of(version, dictionary, elements, size, &total);
    dni_npy array;
    dn_error error = {.message = ""};
    const dn_status status = dni_npy_parse(&array, bytes, total, "the array", &error);
    free(bytes);
    if (status) assert_non_null(strstr(error.message, "the array: "));
    if (status) assert_non_null(strstr(error.message, needle));
    return status;
}

static void test_the_header_that_is_written_is_read(void **state) {
    (void)state;
    unsigned char bytes[DNI_NPY_HEADER + 24] = {0};
    dni_npy_header((char *)bytes, 2, 3);
    dni_npy array;
    assert_int_equal(dni_npy_parse(&array, bytes, sizeof bytes, "a", NULL), DN_OK);
    assert_int_equal(array.kind, 'f');
    assert_int_equal(array.width, 4);
    assert_false(array.is_fortran);
    assert_int_equal(array.rank, 2);
    assert_int_equal(array.count, 6);
    assert_ptr_equal(array.values, bytes + DNI_NPY_HEADER);
    dni_npy_header((char *)bytes, UINT64_MAX, UINT64_MAX); /* the longest fits */
    assert_int_equal(bytes[DNI_NPY_HEADER - 1], '\n');
}

static void test_headers_of_all_versions_and_shapes_are_read(void **state) {
    (void)state;
    static const char whole[] = "{'descr': '<f8', 'fortran_order': False, 'shape': (1, 20), }";
    for (unsigned version = 1; version <= 3; version++)
        assert_int_equal(parse(version, whole, 160, ""), DN_OK);
    assert_int_equal(parse(1, "{'shape': (3,), 'fortran_order': True, 'descr': '|u1'}", 3, ""), DN_OK);
    assert_int_equal(parse(1, "{'descr': '<i4', 'fortran_order': False, 'shape': (), }     ", 4, ""), DN_OK);
    assert_int_equal(parse(1, "{'descr': '<U3', 'fortran_order': False, 'shape': (2,), }", 24, ""), DN_OK);
    assert_int_equal(parse(1, "{'descr': '<f4', 'fortran_order': False, 'shape': (0, 7), }", 0, ""), DN_OK);
}

static void test_other_headers_are_refused(void **state) {
    (void)state;
    static const struct {
        const char *dictionary;
        dn_status status;
        const char *needle;
    } cases[] = {
        {"{'descr': '|O', 'fortran_order': False, 'shape': (1,), }", DN_ERR_UNSAFE, "Python objects"},
        {"{'descr': '>f8', 'fortran_order': False, 'shape': (1,), }", DN_ERR_UNSUPPORTED, "'>f8'"},
        {"{'descr': '<f2', 'fortran_order': False, 'shape': (1,), }", DN_ERR_UNSUPPORTED, "'<f2'"},
        {"{'descr': '<c8', 'fortran_order': False, 'shape': (1,), }", DN_ERR_UNSUPPORTED, "'<c8'"},
        {"{'descr': '<f8x', 'fortran_order': False, 'shape': (1,), }", DN_ERR_UNSUPPORTED, "'<f8x'"},
        {"{'descr': '', 'fortran_order': False, 'shape': (1,), }", DN_ERR_UNSUPPORTED, "''"},
        {"{'descr': [('a', '<f8')], 'fortran_order': False, 'shape': (1,), }", DN_ERR_UNSUPPORTED, "[...]"},
        {"{'descr': '<f8', 'fortran_order': False, 'shape': (2,), }", DN_ERR_TRUNCATED,
         "not the 16 of shape (2)"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }", DN_ERR_CORRUPT, "not the 4 of shape"},
        {"{'descr': '<f8', 'fortran_order': False, 'shape': (4294967296, 4294967296), }", DN_ERR_CORRUPT,
         "more elements"},
        {"{'descr': '<f8', 'fortran_order': False, 'shape': (99999999999999999999,), }", DN_ERR_CORRUPT,
         "as NumPy writes"},
        {"{'descr': '<f8', 'fortran_order': False, 'shape': (1,1,1,1,1,1,1,1,1), }", DN_ERR_CORRUPT,
         "as NumPy writes"},
        {"{'descr': '<f8', 'fortran_order': False, 'shape': (-1,), }", DN_ERR_CORRUPT, "as NumPy writes"},
        {"{'descr': '<f8', 'fortran_order': None, 'shape': (1,), }", DN_ERR_CORRUPT, "as NumPy writes"},
        {"{'descr': '<f8', 'shape': (1,), 'shape': (1,), }", DN_ERR_CORRUPT, "as NumPy writes"},
        {"{'descr': '<f8', 'fortran_order': False, }", DN_ERR_CORRUPT, "as NumPy writes"},
        {"{'descr': '<f8', 'fortran_order': False, 'shape': (1,), 'more': 1}", DN_ERR_CORRUPT,
         "as NumPy writes"},
        {"{'descr': '<f8', 'fortran_order': False, 'shape': (1,), } exit()", DN_ERR_CORRUPT,
         "as NumPy writes"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const dn_status status = parse(1, cases[i].dictionary, 8, cases[i].needle);
        if (status != cases[i].status) fail_msg("%s: status %d", cases[i].dictionary, status);
    }
    assert_int_equal(parse(4, cases[0].dictionary, 8, "version 4"), DN_ERR_UNSUPPORTED);
}

static void test_a_file_cut_at_any_byte_is_refused(void **state) {
    (void)state;
    size_t total;
    const double one = 1;
    unsigned char *whole =
        file_of(1, "{'descr': '<f8', 'fortran_order': False, 'shape': (1,), }", &one, sizeof one, &total);
    for (size_t size = 0; size < total; size++) {
        unsigned char *cut = malloc(size + 1);
        assert_non_null(cut);
        memcpy(cut, whole, size);
        unsigned char *exact = size ? realloc(cut, size) : cut;
        assert_non_null(exact);
        dni_npy array;
        const dn_status status = dni_npy_parse(&array, exact, size, "a", NULL);
        assert_true(status == DN_ERR_FORMAT || status == DN_ERR_TRUNCATED);
        free(exact);
    }
    free(whole);
}

static void test_numbers_come_in_c_order(void **state) {
    (void)state;
    const int16_t elements[] = {-1, 4, 2, 5, 3, 6}; /* columns one after the other */
    size_t total;
    unsigned char *bytes = file_of(1, "{'descr': '<i2', 'fortran_order': True, 'shape': (2, 3), }", elements,
                                   sizeof elements, &total);
    dni_npy array;
    double values[6];
    assert_int_equal(dni_npy_parse(&array, bytes, total, "a", NULL), DN_OK);
    assert_int_equal(dni_npy_doubles(&array, values, NULL), DN_OK);
    static const double expected[] = {-1, 2, 3, 4, 5, 6};
    for (int i = 0; i < 6; i++) assert_true(values[i] == expected[i]);
    free(bytes);
}

static void expect_numbers(const char *descr, const void *elements, size_t size, double first,
                           double second) {
    char dictionary[96];
    size_t total;
    snprintf(dictionary, sizeof dictionary, "{'descr': '%s', 'fortran_order': False, 'shape': (2,), }",
             descr);
    unsigned char *bytes = file_of(1, dictionary, elements, size, &total);
    dni_npy array;
    double values[2];
    assert_int_equal(dni_npy_parse(&array, bytes, total, "a", NULL), DN_OK);
    assert_int_equal(dni_npy_doubles(&array, values, NULL), DN_OK);
    assert_true(values[0] == first && values[1] == second);
    free(bytes);
}

static void test_numbers_of_every_kind(void **state) {
    (void)state;
    expect_numbers("<f4", (const float[]){0.5f, -3e38f}, 8, 0.5, (double)-3e38f);
    expect_numbers("<f8", (const double[]){0.1, -1e300}, 16, 0.1, -1e300);
    expect_numbers("|u1", (const uint8_t[]){7, 255}, 2, 7, 255);
    expect_numbers("|i1", (const int8_t[]){7, -1}, 2, 7, -1);
    expect_numbers("<u8", (const uint64_t[]){1, UINT64_MAX}, 16, 1, 18446744073709551616.0);
    expect_numbers("<i8", (const int64_t[]){1, INT64_MIN}, 16, 1, -9223372036854775808.0);
}

/* Text is no number, and a number with a fraction no name. */
static void test_elements_of_another_kind_are_refused(void **state) {
    (void)state;
    static const char *const texts[] = {"<U1", "|S4"};
    for (int i = 0; i < 3; i++) {
        char dictionary[96], *name;
        size_t total;
        snprintf(dictionary, sizeof dictionary, "{'descr': '%s', 'fortran_order': False, 'shape': (1,), }",
                 i < 2 ? texts[i] : "<f4");
        unsigned char *bytes = file_of(1, dictionary, "\0\0\0\0", 4, &total);
        dni_npy array;
        double value = 7;
        dn_error error = {.message = ""};
        assert_int_equal(dni_npy_parse(&array, bytes, total, "the array", NULL), DN_OK);
        if (i < 2)
            assert_int_equal(dni_npy_doubles(&array, &value, &error), DN_ERR_TENSOR_DTYPE);
        else
            assert_int_equal(dni_npy_text(&array, 0, &name, &error), DN_ERR_TENSOR_DTYPE);
        assert_non_null(strstr(error.message, i < 2 ? "the array: holds text" : "the array: holds numbers"));
        if (i == 2) assert_null(name);
        assert_true(value == 7);
        free(bytes);
    }
}

static void expect_text(const char *dictionary, const void *element, size_t size, const char *expected) {
    size_t total;
    unsigned char *bytes = file_of(1, dictionary, element, size, &total);
    dni_npy array;
    char *text;
    assert_int_equal(dni_npy_parse(&array, bytes, total, "a", NULL), DN_OK);
    const dn_status status = dni_npy_text(&array, 0, &text, NULL);
    assert_int_equal(status, expected ? DN_OK : DN_ERR_CORRUPT);
    if (expected) assert_string_equal(text, expected);
    free(text);
    free(bytes);
}

static void test_text_is_utf8(void **state) {
    (void)state;
    static const char unicode[] = "{'descr': '<U4', 'fortran_order': False, 'shape': (1,), }";
    expect_text(unicode, (const uint32_t[]){'a', 0xe9, 0x20ac, 0x1f431}, 16,
                "a\xc3\xa9\xe2\x82\xac\xf0\x9f\x90\xb1");
    expect_text(unicode, (const uint32_t[]){'a', 'b', 0, 0}, 16, "ab");
    expect_text(unicode, (const uint32_t[]){0, 0, 0, 0}, 16, "");
    expect_text(unicode, (const uint32_t[]){'a', 0, 'b', 0}, 16, NULL);
    expect_text(unicode, (const uint32_t[]){'a', 0xd800, 'b', 0}, 16, NULL);
    expect_text(unicode, (const uint32_t[]){'a', 0x110000, 'b', 0}, 16, NULL);
    expect_text("{'descr': '|S3', 'fortran_order': False, 'shape': (1,), }", "ab", 3, "ab");
    expect_text("{'descr': '<i2', 'fortran_order': False, 'shape': (1,), }", (const int16_t[]){-7}, 2, "-7");
    expect_text("{'descr': '<u8', 'fortran_order': False, 'shape': (1,), }", (const uint64_t[]){UINT64_MAX},
                8, "18446744073709551615");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_header_that_is_written_is_read),
        cmocka_unit_test(test_headers_of_all_versions_and_shapes_are_read),
        cmocka_unit_test(test_other_headers_are_refused),
        cmocka_unit_test(test_a_file_cut_at_any_byte_is_refused),
        cmocka_unit_test(test_numbers_come_in_c_order),
        cmocka_unit_test(test_numbers_of_every_kind),
        cmocka_unit_test(test_elements_of_another_kind_are_refused),
        cmocka_unit_test(test_text_is_utf8),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
