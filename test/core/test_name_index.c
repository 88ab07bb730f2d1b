/* SPDX-License-Identifier: MIT */
/* Names are found where they stand, and no others. */
#include "core/name_index.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <setjmp.h>
#include <cmocka.h>

static void test_every_name_is_found_in_its_place(void **state) {
    (void)state;
    enum { NAMES = 1000 };
    static char texts[NAMES][8];
    const char *names[NAMES];
    for (int i = 0; i < NAMES; i++) { /* in no order */
        snprintf(texts[i], sizeof texts[i], "n%d", i * 617 % NAMES);
        names[i] = texts[i];
    }
    dni_name_index index;
    for (int count = 0; count <= NAMES; count = 3 * count + 1) {
        assert_int_equal(dni_name_index_make(&index, names, count, "names", NULL), DN_OK);
        for (int i = 0; i < NAMES; i++)
            assert_int_equal(dni_name_index_find(&index, names[i]), i < count ? i : -1);
        assert_int_equal(dni_name_index_find(&index, ""), -1);
        assert_int_equal(dni_name_index_find(&index, "z"), -1);
        dni_name_index_free(&index);
    }
}

static void test_of_equal_names_the_first_is_found(void **state) {
    (void)state;
    static const char *const names[] = {"b", "a", "b", "a", "b"};
    dni_name_index index;
    assert_int_equal(dni_name_index_make(&index, names, 5, "names", NULL), DN_OK);
    assert_int_equal(dni_name_index_find(&index, "a"), 1);
    assert_int_equal(dni_name_index_find(&index, "b"), 0);
    dni_name_index_free(&index);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_name_is_found_in_its_place),
        cmocka_unit_test(test_of_equal_names_the_first_is_found),
    };
    return cmocka_run_group_tests_name("name index", tests, NULL, NULL);
}
