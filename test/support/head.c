/* SPDX-License-Identifier: MIT */
/* Golden arrays, streams and toy data for the head's tests. */
#include "test/support/head.h"

#include "core/rng.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

void assert_close_at(double a, double b, double tolerance, const char *file, int line) {
    if (fabs(a - b) <= tolerance) return;
    print_error("%s:%d: %.10g and %.10g differ by more than %g\n", file, line, a, b, tolerance);
    _fail(file, line);
}

double *golden_array(const char *name, size_t count) {
    return golden_array_of("test/golden/head/head.txt", name, count);
}

double *golden_array_of(const char *path, const char *name, size_t count) {
    FILE *file = fopen(path, "r");
    if (!file) fail_msg("%s cannot be read", path);
    char found[64];
    size_t length;
    while (fscanf(file, "%63s %zu", found, &length) == 2) {
        double *values = malloc(length * sizeof *values);
        assert_non_null(values);
        for (size_t i = 0; i < length; i++) assert_int_equal(fscanf(file, "%lf", &values[i]), 1);
        if (strcmp(found, name) == 0) {
            fclose(file);
            assert_int_equal(length, count);
            return values;
        }
        free(values);
    }
    fclose(file);
    fail_msg("%s has no array '%s'", path, name);
    return NULL;
}

float *stream_values(const char *name, size_t count) {
    dni_rng rng = dni_rng_named(1, name);
    float *values = malloc(count * sizeof *values);
    assert_non_null(values);
    for (size_t i = 0; i < count; i++) values[i] = dni_rng_uniform(&rng);
    return values;
}

toy_data toy_data_make(const char *name, int count, int views, int width) {
    static const float scales[] = {0.1f, 1.0f, 10.0f};
    toy_data data = {.values = stream_values(name, (size_t)count * (size_t)views * (size_t)width),
                     .labels = malloc((size_t)count * sizeof(int))};
    assert_non_null(data.labels);
    float *v = data.values;
    for (int n = 0; n < count; n++) {
        data.labels[n] = n % 2;
        for (int view = 0; view < views; view++)
            for (int i = 0; i < width; i++, v++) {
                const float skewed = *v * *v * *v;
                const float raised = data.labels[n] == 1 && i < width / 2 ? 3.0f : 1.0f;
                *v = skewed * raised * scales[i % 3];
            }
    }
    data.features = (dn_features){data.values, data.labels, count, views};
    return data;
}

void toy_data_free(toy_data *data) {
    free(data->values);
    free(data->labels);
}
