/* SPDX-License-Identifier: MIT */
/* Golden arrays, seeded data and comparison for the tests of layers/. */
#include "test/support/layers.h"

#include "core/rng.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

golden golden_load(const char *name) {
    char path[256];
    snprintf(path, sizeof path, "test/golden/layers/%s.golden", name);
    FILE *file = fopen(path, "rb");
    if (!file) fail_msg("cannot open %s", path);
    golden out = {0};
    int64_t count;
    while (fread(&count, sizeof count, 1, file) == 1) {
        assert_true(out.count < GOLDEN_ARRAYS && count > 0);
        float *array = floats_alloc((size_t)count);
        assert_int_equal(fread(array, sizeof *array, (size_t)count, file), count);
        out.array[out.count] = array;
        out.size[out.count++] = (size_t)count;
    }
    fclose(file);
    return out;
}

void golden_free(golden *file) {
    for (int i = 0; i < file->count; i++) free(file->array[i]);
}

int golden_size(const golden *file, int i) {
    assert_true((size_t)i < file->size[0]);
    return (int)file->array[0][i];
}

float *floats_alloc(size_t count) {
    float *values = malloc(count * sizeof *values);
    assert_non_null(values);
    return values;
}

void floats_fill(float *values, size_t count, unsigned seed, float mean, float deviation) {
    dni_rng rng = dni_rng_named(seed, "test");
    const float width = deviation * sqrtf(12.0f);
    for (size_t i = 0; i < count; i++) values[i] = mean + (dni_rng_uniform(&rng) - 0.5f) * width;
}

double relative_error(const float *actual, const float *expected, size_t count) {
    double error = 0.0, largest = 0.0;
    for (size_t i = 0; i < count; i++) {
        const double difference = fabs((double)actual[i] - (double)expected[i]);
        if (!isfinite(difference)) return HUGE_VAL;
        if (difference > error) error = difference;
        if (fabs((double)expected[i]) > largest) largest = fabs((double)expected[i]);
    }
    return error > 0.0 ? error / largest : 0.0;
}
