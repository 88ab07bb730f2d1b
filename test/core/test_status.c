/* SPDX-License-Identifier: MIT */
/* Status values, names and the filling of errors. */
#include "core/error.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <string.h>

/* The values are part of the interface: this table changes only by additions. */
static void test_status_values_and_names_are_stable(void **state) {
    (void)state;
    static const struct {
        int value;
        const char *name;
    } known[] = {
        {0, "DN_OK"},
        {10, "DN_ERR_ARGUMENT"},
        {11, "DN_ERR_UNSUPPORTED"},
        {12, "DN_ERR_CANCELLED"},
        {20, "DN_ERR_MEMORY"},
        {21, "DN_ERR_IO"},
        {22, "DN_ERR_NOT_FOUND"},
        {23, "DN_ERR_PERMISSION"},
        {24, "DN_ERR_NO_SPACE"},
        {25, "DN_ERR_THREADS"},
        {26, "DN_ERR_FILE_KIND"},
        {40, "DN_ERR_FORMAT"},
        {41, "DN_ERR_CORRUPT"},
        {42, "DN_ERR_TRUNCATED"},
        {43, "DN_ERR_UNSAFE"},
        {44, "DN_ERR_MISMATCH"},
        {45, "DN_ERR_OVERFLOW"},
        {60, "DN_ERR_TENSOR_MISSING"},
        {61, "DN_ERR_TENSOR_SHAPE"},
        {62, "DN_ERR_TENSOR_DTYPE"},
        {63, "DN_ERR_TENSOR_UNEXPECTED"},
        {80, "DN_ERR_IMAGE_EMPTY"},
        {81, "DN_ERR_IMAGE_UNSUPPORTED"},
        {82, "DN_ERR_IMAGE_CORRUPT"},
        {83, "DN_ERR_IMAGE_TRUNCATED"},
        {84, "DN_ERR_IMAGE_TOO_LARGE"},
        {100, "DN_ERR_DATA_EMPTY"},
        {101, "DN_ERR_DATA_CLASSES"},
        {102, "DN_ERR_DATA_DIVERGED"},
    };
    size_t next = 0;
    for (int value = 0; value < 256; value++) {
        const char *expected = "DN_ERR_?";
        if (next < sizeof known / sizeof *known && known[next].value == value) expected = known[next++].name;
        assert_string_equal(dn_status_name((dn_status)value), expected);
    }
    assert_int_equal(next, sizeof known / sizeof *known);
}

static void test_errors_carry_status_and_message(void **state) {
    (void)state;
    dn_error error;
    assert_int_equal(dni_fail(&error, DN_ERR_FORMAT, "%s: %d", "file", 7), DN_ERR_FORMAT);
    assert_int_equal(error.status, DN_ERR_FORMAT);
    assert_string_equal(error.message, "file: 7");
    assert_int_equal(dni_fail(NULL, DN_ERR_FORMAT, "unheard"), DN_ERR_FORMAT);
    assert_int_equal(dni_fail_errno(&error, ENOSPC, "%s", "disk"), DN_ERR_NO_SPACE);
    assert_string_equal(error.message, "disk: No space left on device");
    assert_int_equal(dni_fail_errno(NULL, ENOENT, "x"), DN_ERR_NOT_FOUND);
    assert_int_equal(dni_fail_errno(NULL, EACCES, "x"), DN_ERR_PERMISSION);
    assert_int_equal(dni_fail_errno(&error, ENOMEM, "x"), DN_ERR_MEMORY);
    assert_string_equal(error.message, "x: out of memory");
    assert_int_equal(dni_fail_errno(NULL, EIO, "x"), DN_ERR_IO);
    assert_int_equal(dni_fail_errno(NULL, ELOOP, "x"), DN_ERR_NOT_FOUND);
    assert_int_equal(dni_fail_errno(NULL, EISDIR, "x"), DN_ERR_FILE_KIND);
    assert_int_equal(dni_no_memory(&error, "%s: %d rows", "file", 7), DN_ERR_MEMORY);
    assert_int_equal(error.status, DN_ERR_MEMORY);
    assert_string_equal(error.message, "file: 7 rows: out of memory");
    assert_int_equal(dni_no_memory(NULL, "unheard"), DN_ERR_MEMORY);
    assert_int_equal(dni_no_thread(&error, EAGAIN, "thread %d", 3), DN_ERR_THREADS);
    assert_int_equal(error.status, DN_ERR_THREADS);
    assert_string_equal(error.message, "thread 3: cannot be started: Resource temporarily unavailable");
    assert_int_equal(dni_no_thread(NULL, EAGAIN, "unheard"), DN_ERR_THREADS);
}

static void test_the_machines_failures_are_told_from_the_files(void **state) {
    (void)state;
    static const dn_status machine[] = {DN_ERR_MEMORY, DN_ERR_IO, DN_ERR_NO_SPACE, DN_ERR_THREADS};
    static const dn_status file[] = {
        DN_OK, DN_ERR_NOT_FOUND, DN_ERR_PERMISSION, DN_ERR_FILE_KIND, DN_ERR_IMAGE_CORRUPT, DN_ERR_FORMAT};
    for (size_t i = 0; i < sizeof machine / sizeof *machine; i++)
        assert_true(dni_status_is_machine(machine[i]));
    for (size_t i = 0; i < sizeof file / sizeof *file; i++) assert_false(dni_status_is_machine(file[i]));
    assert_true(dni_status_is_machine(dni_fail_errno(NULL, EMFILE, "x")));
    assert_true(dni_status_is_machine(dni_fail_errno(NULL, EINTR, "x")));
    assert_true(dni_status_is_machine(dni_fail_errno(NULL, EAGAIN, "x")));
}

static void test_a_long_message_ends_in_dots(void **state) {
    (void)state;
    char text[3000];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    dn_error error;
    assert_int_equal(dni_fail_errno(&error, EIO, "%s", text), DN_ERR_IO);
    assert_int_equal(strlen(error.message), sizeof error.message - 1);
    assert_string_equal(error.message + sizeof error.message - 5, "x...");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_status_values_and_names_are_stable),
        cmocka_unit_test(test_errors_carry_status_and_message),
        cmocka_unit_test(test_the_machines_failures_are_told_from_the_files),
        cmocka_unit_test(test_a_long_message_ends_in_dots),
    };
    return cmocka_run_group_tests_name("status", tests, NULL, NULL);
}
