/* SPDX-License-Identifier: MIT */
/* Numbers of JSON: they read back as the same ones, with no digit too many, and are never NaN or infinite. */
#include "core/rng.h"
#include "io/json.h"
#include "io/real_text.h"

#include <float.h>
#include <limits.h>
#include <locale.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static void expect(json_t *value, const char *text) {
    char *line = dni_json_line(value);
    assert_non_null(line);
    assert_string_equal(line, text);
    free(line);
}

static void test_lines_are_as_jansson_writes_them(void **state) {
    (void)state;
    const char *const text =
        "{\"b\": [1, -2, true, null, {}], \"a\": {\"\\u0001\\\"\\\\\\n\": \"\u00e9\\u007f\", \"x\": []}}";
    json_t *value = json_loads(text, 0, NULL);
    assert_non_null(value);
    char *expected = json_dumps(value, 0);
    expect(value, expected);
    free(expected);
    expect(json_pack("[s, n]", ""), "[\"\", null]");
    assert_null(dni_json_line(NULL));
}

/* ---- the limit ---- */

/* An array of so many strings with a comma and a quote in each, which are no values. */
static dn_status parse_array(size_t values, json_error_t *reason) {
    static const char element[] = "\",\\\"\",";
    enum { SIZE = sizeof element - 1 };
    char *const text = malloc(values * SIZE + 2);
    assert_non_null(text);
    text[0] = '[';
    for (size_t i = 0; i < values; i++) memcpy(text + 1 + i * SIZE, element, SIZE);
    text[values * SIZE] = ']'; /* in the last comma's place */
    json_t *value;
    const dn_status status = dni_json_parse(&value, text, values * SIZE + 1, 0, reason);
    if (!status) assert_int_equal(json_array_size(value), values);
    json_decref(value);
    free(text);
    return status;
}

static void test_as_many_values_as_the_limit_are_read(void **state) {
    (void)state;
    json_error_t reason;
    assert_int_equal(parse_array(DNI_JSON_VALUE_LIMIT - 1, &reason), DN_OK); /* the array is one, too */
    assert_int_equal(parse_array(DNI_JSON_VALUE_LIMIT, &reason), DN_ERR_CORRUPT);
    assert_string_equal(reason.text, "more than 1048576 values");
}

/* ---- without memory ---- */

static long left; /* allocations until the one that fails */

static void *allocate(size_t size) {
    return left-- == 0 ? NULL : malloc(size);
}

static json_t *put_together(void) {
    json_t *array = json_array(), *object = json_object();
    for (int i = 0; i < 20; i++) dni_json_append(&array, json_integer(i));
    dni_json_set(&object, "list", array);
    dni_json_set(&object, "name", dni_json_text("a name"));
    dni_json_update(&object, json_pack("{s:f, s:[s]}", "number", 0.5, "more", "text"));
    return object;
}

static void test_nothing_is_left_out_for_lack_of_memory(void **state) {
    (void)state;
    char *const whole = dni_json_line(put_together());
    assert_non_null(whole);
    json_set_alloc_funcs(allocate, free);
    bool failed = true;
    int refused = 0;
    for (long first = 0; failed; first++) {
        left = first;
        json_t *const value = put_together();
        failed = left < 0;
        left = LONG_MAX;
        assert_true(value || failed);
        refused += !value;
        char *const line = dni_json_line(value);
        if (value) assert_string_equal(line, whole);
        free(line);
    }
    json_set_alloc_funcs(malloc, free);
    assert_true(refused > 30);
    free(whole);
}

/* Strings and numbers that outgrow jansson's first room, with escapes, and one error. */
static void test_nothing_is_misread_for_lack_of_memory(void **state) {
    (void)state;
    static const char right[] =
        "{\"features.denseblock1.denselayer1.norm1.weight\": [123456789012345678, "
        "0.12345678901234567], \"a\\tname of many, many characters\": \"\\u00e9 and so on, and on, "
        "and on, and on, and on, and on, and on\"}";
    static const char wrong[] = "[\"a string that is as long as some of these\", nothing]";
    json_error_t reason;
    json_t *const expected = json_loads(right, 0, NULL);
    json_set_alloc_funcs(allocate, free);
    bool failed = true;
    int refused = 0;
    for (long first = 0; failed; first++) {
        json_t *value, *none;
        left = first;
        const dn_status status = dni_json_parse(&value, right, strlen(right), 0, &reason);
        failed = left < 0;
        left = first;
        const dn_status refusal = dni_json_parse(&none, wrong, strlen(wrong), 0, &reason);
        left = LONG_MAX;
        assert_int_equal(status, value ? DN_OK : DN_ERR_MEMORY);
        if (value) assert_true(json_equal(value, expected));
        assert_null(none);
        assert_true(refusal == DN_ERR_CORRUPT || (failed && refusal == DN_ERR_MEMORY));
        refused += !value;
        json_decref(value);
    }
    json_set_alloc_funcs(malloc, free);
    assert_true(refused > 20);
    json_decref(expected);
}

static void test_what_lacks_a_part_is_released(void **state) {
    (void)state;
    json_t *object = json_pack("{s:i}", "a", 1), *array = json_pack("[i]", 1), *other = json_object();
    dni_json_set(&object, "b", NULL);
    dni_json_append(&array, NULL);
    dni_json_update(&other, NULL);
    assert_null(object);
    assert_null(array);
    assert_null(other);
    dni_json_set(&object, "c", json_integer(3));
    assert_null(object);
}

static void test_numbers_have_no_digit_too_many(void **state) {
    (void)state;
    expect(json_pack("[f, f, f, f]", 0.1, 1.0, -0.0, 1e300), "[0.1, 1.0, -0.0, 1e+300]");
    expect(json_pack("[f, f, f]", 1.0 / 3, 0.1 + 0.2, 1e-7),
           "[0.3333333333333333, 0.30000000000000004, 1e-07]");
    expect(json_pack("[f, f]", DBL_MAX, DBL_TRUE_MIN), "[1.7976931348623157e+308, 4.94065645841247e-324]");
}

static void test_every_double_reads_back(void **state) {
    (void)state;
    dni_rng rng = dni_rng_named(1, "doubles");
    for (int i = 0; i < 20000; i++) {
        const uint64_t bits = dni_rng_next(&rng);
        double value;
        memcpy(&value, &bits, sizeof value);
        if (!isfinite(value)) continue;
        char *line = dni_json_line(json_pack("[f]", value));
        json_t *root = json_loads(line, 0, NULL);
        assert_non_null(root);
        const double found = json_real_value(json_array_get(root, 0));
        assert_memory_equal(&found, &value, sizeof value);
        assert_true(strlen(line) <= 26);
        json_decref(root);
        free(line);
    }
}

static void test_every_float_reads_back_from_nine_digits(void **state) {
    (void)state;
    dni_rng rng = dni_rng_named(2, "floats");
    expect(json_pack("[o, o, o]", dni_json_float(0.485f), dni_json_float(1e-4f), dni_json_float(1.0f / 3)),
           "[0.485, 0.0001, 0.33333334]");
    for (int i = 0; i < 20000; i++) {
        const uint32_t bits = (uint32_t)dni_rng_next(&rng);
        float value;
        memcpy(&value, &bits, sizeof value);
        if (!isfinite(value)) continue;
        json_t *number = dni_json_float(value);
        assert_true((float)json_real_value(number) == value);
        char *line = dni_json_line(number);
        int digits = 0;
        for (const char *at = line; *at && *at != 'e'; at++)
            digits += *at >= '0' && *at <= '9' && (digits || *at != '0');
        while (digits > 9 && strchr(line, '.') && !strchr(line, 'e') && line[strlen(line) - 1] == '0')
            digits--;
        assert_true(digits <= 9 || fabsf(value) >= 1e9f);
        free(line);
    }
}

static void test_what_is_no_number_is_null(void **state) {
    (void)state;
    expect(json_pack("[o, o, o]", dni_json_number((double)NAN), dni_json_number((double)INFINITY),
                     dni_json_number(1)),
           "[null, null, 1.0]");
    expect(json_pack("[o, o]", dni_json_float(NAN), dni_json_float(-INFINITY)), "[null, null]");
}

/* A program that links the library may have chosen a locale with a decimal comma; one is made here, where
 * Debian's package locales is there. */
static void test_the_point_is_a_point_in_any_locale(void **state) {
    char folder[] = "/tmp/locale.XXXXXX", command[128];
    (void)state;
    assert_non_null(mkdtemp(folder));
    assert_int_equal(setenv("LOCPATH", folder, 1), 0);
    snprintf(command, sizeof command, "localedef -i de_DE -f UTF-8 %s/comma >%s/log 2>&1", folder, folder);
    const bool is_made = system(command) == 0 && setlocale(LC_NUMERIC, "comma");
    snprintf(command, sizeof command, "rm -r %s", folder);
    assert_int_equal(system(command), 0);
    if (!is_made) skip();
    snprintf(command, sizeof command, "%.2f", 0.25);
    assert_string_equal(command, "0,25");
    expect(json_pack("[f, o]", 0.25, dni_json_float(0.485f)), "[0.25, 0.485]");
    setlocale(LC_NUMERIC, "C");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_as_many_values_as_the_limit_are_read),
        cmocka_unit_test(test_nothing_is_left_out_for_lack_of_memory),
        cmocka_unit_test(test_nothing_is_misread_for_lack_of_memory),
        cmocka_unit_test(test_what_lacks_a_part_is_released),
        cmocka_unit_test(test_lines_are_as_jansson_writes_them),
        cmocka_unit_test(test_numbers_have_no_digit_too_many),
        cmocka_unit_test(test_every_double_reads_back),
        cmocka_unit_test(test_every_float_reads_back_from_nine_digits),
        cmocka_unit_test(test_what_is_no_number_is_null),
        cmocka_unit_test(test_the_point_is_a_point_in_any_locale),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
