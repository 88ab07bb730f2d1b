/* SPDX-License-Identifier: MIT */
/* Options of older and newer programs, taken by this library's. */
#include "core/options.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

/* Three versions of one struct: `now` is the library's. */
typedef struct past {
    size_t struct_size;
    int threads, batch;
} past;

typedef struct now {
    size_t struct_size;
    int threads, batch;
    const char *name;
} now;

typedef struct future {
    size_t struct_size;
    int threads, batch;
    const char *name;
    int64_t limit;
} future;

DNI_OPTIONS_KIND(kind, now, batch, name);

static const now defaults = {sizeof(now), 1, 2, "default"};

static void test_init_fills_as_much_as_there_is_room_for(void **state) {
    (void)state;
    past old;
    dni_options_init(&old, sizeof old, &defaults, &kind);
    assert_int_equal(old.struct_size, sizeof old);
    assert_int_equal(old.batch, 2);
    now same;
    dni_options_init(&same, sizeof same, &defaults, &kind);
    assert_memory_equal(&same, &defaults, sizeof same);
    future newer;
    memset(&newer, 0xff, sizeof newer);
    dni_options_init(&newer, sizeof newer, &defaults, &kind);
    assert_int_equal(newer.struct_size, sizeof newer);
    assert_string_equal(newer.name, "default");
    assert_int_equal(newer.limit, 0);
}

static void test_init_writes_nothing_without_room(void **state) {
    (void)state;
    dni_options_init(NULL, sizeof(now), &defaults, &kind);
    now untouched;
    memset(&untouched, 0xab, sizeof untouched);
    const now before = untouched;
    dni_options_init(&untouched, sizeof(size_t) - 1, &defaults, &kind);
    assert_memory_equal(&untouched, &before, sizeof before);
}

static void test_older_options_have_the_defaults_of_newer_ones(void **state) {
    (void)state;
    now own = defaults;
    assert_int_equal(dni_options_take(&own, NULL, &kind, NULL), DN_OK);
    assert_memory_equal(&own, &defaults, sizeof own);
    const past given = {sizeof given, 7, 8};
    assert_int_equal(dni_options_take(&own, &given, &kind, NULL), DN_OK);
    assert_int_equal(own.struct_size, sizeof own);
    assert_int_equal(own.threads, 7);
    assert_int_equal(own.batch, 8);
    assert_string_equal(own.name, "default");
}

static void test_newer_options_are_taken_where_they_are_0(void **state) {
    (void)state;
    dn_error error;
    now own = defaults;
    future given = {sizeof given, 7, 8, "given", 0};
    assert_int_equal(dni_options_take(&own, &given, &kind, NULL), DN_OK);
    assert_int_equal(own.struct_size, sizeof own);
    assert_string_equal(own.name, "given");
    given.limit = 1;
    own = defaults;
    assert_int_equal(dni_options_take(&own, &given, &kind, &error), DN_ERR_UNSUPPORTED);
    assert_int_equal(error.status, DN_ERR_UNSUPPORTED);
    assert_non_null(strstr(error.message, "now: byte "));
    assert_memory_equal(&own, &defaults, sizeof own);
}

static void test_a_size_that_no_version_had_is_refused(void **state) {
    (void)state;
    dn_error error;
    now own = defaults, given = {0, 7, 8, "given"};
    const size_t sizes[] = {0, 1, sizeof(size_t), sizeof(past) - 1};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        given.struct_size = sizes[i];
        assert_int_equal(dni_options_take(&own, &given, &kind, &error), DN_ERR_ARGUMENT);
        assert_non_null(strstr(error.message, "now: struct_size is "));
        assert_non_null(strstr(error.message, "now_default()"));
        assert_memory_equal(&own, &defaults, sizeof own);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_init_fills_as_much_as_there_is_room_for),
        cmocka_unit_test(test_init_writes_nothing_without_room),
        cmocka_unit_test(test_older_options_have_the_defaults_of_newer_ones),
        cmocka_unit_test(test_newer_options_are_taken_where_they_are_0),
        cmocka_unit_test(test_a_size_that_no_version_had_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
