/* SPDX-License-Identifier: MIT */
/* Counts in Prometheus's text format: cumulative buckets, as its documentation of format 0.0.4 has them. */
#include "ftrain/server/metrics.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static const double bounds[] = {0.5, 1, 2};

static histogram filled(void) {
    static const double values[] = {0.25, 0.5, 0.75, 2, 3, 100};
    histogram made = {.bounds = bounds, .bound_count = 3};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) histogram_add(&made, values[i]);
    return made;
}

static void assert_written(const char *labels, const histogram *values, const char *expected) {
    char *text = NULL;
    size_t size = 0;
    FILE *to = open_memstream(&text, &size);
    assert_non_null(to);
    metrics_histogram(to, "time", labels, values);
    assert_int_equal(fclose(to), 0);
    assert_string_equal(text, expected);
    free(text);
}

static void test_a_value_counts_in_every_bucket_that_it_fits(void **state) {
    (void)state;
    const histogram made = filled();
    assert_written("", &made,
                   "time_bucket{le=\"0.5\"} 2\n"
                   "time_bucket{le=\"1\"} 3\n"
                   "time_bucket{le=\"2\"} 4\n"
                   "time_bucket{le=\"+Inf\"} 6\n"
                   "time_sum 106.5\n"
                   "time_count 6\n");
}

static void test_labels_stand_before_the_bound(void **state) {
    (void)state;
    const histogram made = {.bounds = bounds, .bound_count = 1};
    assert_written("path=\"/\"", &made,
                   "time_bucket{path=\"/\",le=\"0.5\"} 0\n"
                   "time_bucket{path=\"/\",le=\"+Inf\"} 0\n"
                   "time_sum{path=\"/\"} 0\n"
                   "time_count{path=\"/\"} 0\n");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_value_counts_in_every_bucket_that_it_fits),
        cmocka_unit_test(test_labels_stand_before_the_bound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
