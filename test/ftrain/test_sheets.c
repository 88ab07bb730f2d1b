/* SPDX-License-Identifier: MIT */
/* How many pictures contact sheets show: all, unless they are more than 20,000 or --sheet says how many. That
 * a sheet keeps to it, test/cli/test_audit.sh asks by --sheet. */
#include "ftrain/audit/sheets.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

enum { MOST = 20000 };

static void test_all_up_to_the_most(void **state) {
    (void)state;
    assert_int_equal(audit_sheet_limit(0, 2, 0), 0);
    /* one class may have all of them */
    assert_int_equal(audit_sheet_limit(MOST, 2, 0), MOST);
}

static void test_beyond_it_each_class_has_its_share(void **state) {
    static const size_t counts[] = {2, 3, 7, 999, 12345, MOST - 1, MOST};
    (void)state;
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        const size_t limit = audit_sheet_limit(MOST + 1, counts[i], 0);
        assert_true(limit >= 1);
        assert_true(limit * counts[i] <= MOST);
        assert_true((limit + 1) * counts[i] > MOST);
        assert_int_equal(audit_sheet_limit(SIZE_MAX, counts[i], 0), limit);
    }
    assert_int_equal(audit_sheet_limit(100000, 100000, 0), 1);
}

static void test_what_is_asked_for_counts(void **state) {
    (void)state;
    assert_int_equal(audit_sheet_limit(10, 2, 7), 7);
    assert_int_equal(audit_sheet_limit(3 * MOST, 2, 30000), 30000);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_up_to_the_most),
        cmocka_unit_test(test_beyond_it_each_class_has_its_share),
        cmocka_unit_test(test_what_is_asked_for_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
