/* SPDX-License-Identifier: MIT */
/* Feature sets made of other feature sets. */
#include "ftrain/features/feature_rows.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { WIDTH = 2, VIEWS = 2 };

/* Picture i has the values 10 i, 10 i + 1 in its first view and 10 i + 5, 10 i + 6 in its second. */
static void fill(float *values, int first, int count) {
    for (int i = 0; i < count; i++) {
        const float base = (float)(10 * (first + i));
        const float picture[VIEWS * WIDTH] = {base, base + 1, base + 5, base + 6};
        memcpy(values + i * VIEWS * WIDTH, picture, sizeof picture);
    }
}

static void test_a_joined_set_has_both_one_after_the_other(void **state) {
    (void)state;
    float a[2 * VIEWS * WIDTH], b[1 * VIEWS * WIDTH], expected[3 * VIEWS * WIDTH];
    int a_labels[] = {0, 1}, b_labels[] = {1};
    fill(a, 0, 2);
    fill(b, 2, 1);
    fill(expected, 0, 3);
    const feature_set first = {
        .view_count = VIEWS, .width = WIDTH, .values = a, .labels = a_labels, .count = 2};
    const feature_set second = {
        .view_count = VIEWS, .width = WIDTH, .values = b, .labels = b_labels, .count = 1};
    feature_set joined;
    assert_int_equal(feature_set_join(&joined, &first, &second), OUTCOME_OK);
    assert_int_equal(joined.count, 3);
    assert_int_equal(joined.view_count, VIEWS);
    assert_memory_equal(joined.values, expected, sizeof expected);
    assert_memory_equal(joined.labels, ((int[]){0, 1, 1}), 3 * sizeof(int));
    feature_set_free(&joined);
}

static void test_a_group_is_taken_in_order_with_the_views_asked_for(void **state) {
    (void)state;
    float values[4 * VIEWS * WIDTH];
    int labels[] = {0, 1, 2, 3};
    const int groups[] = {7, 5, 7, 7};
    fill(values, 0, 4);
    const feature_set all = {
        .view_count = VIEWS, .width = WIDTH, .values = values, .labels = labels, .count = 4};
    feature_set taken;
    assert_int_equal(feature_set_take(&taken, &all, groups, 7, 1), OUTCOME_OK);
    assert_int_equal(taken.count, 3);
    assert_int_equal(taken.view_count, 1);
    assert_memory_equal(taken.labels, ((int[]){0, 2, 3}), 3 * sizeof(int));
    assert_memory_equal(taken.values, ((float[]){0, 1, 20, 21, 30, 31}), 6 * sizeof(float));
    feature_set_free(&taken);
    assert_int_equal(feature_set_take(&taken, &all, groups, 6, VIEWS), OUTCOME_OK);
    assert_int_equal(taken.count, 0);
    feature_set_free(&taken);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_joined_set_has_both_one_after_the_other),
        cmocka_unit_test(test_a_group_is_taken_in_order_with_the_views_asked_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
