/* SPDX-License-Identifier: MIT */
/* What the tests of layers/ share: golden arrays, seeded data, comparison. Failures end the running test. */
#ifndef TEST_SUPPORT_LAYERS_H
#define TEST_SUPPORT_LAYERS_H

#include "core/tensor.h"

#include <stddef.h>

/* The arrays of test/golden/layers/<name>.golden, as test/golden/layers/oracle_layers.py wrote them. */
enum { GOLDEN_ARRAYS = 12 };
typedef struct golden {
    int count;
    size_t size[GOLDEN_ARRAYS];
    float *array[GOLDEN_ARRAYS];
} golden;
golden golden_load(const char *name);
void golden_free(golden *file);
/* Element i of array 0, which holds the sizes of the case. */
int golden_size(const golden *file, int i);

/* Exactly `count` floats, so that the sanitizer finds a read beyond them. */
float *floats_alloc(size_t count);
/* Fills with uniform random numbers of this mean and standard deviation; the same numbers for the same
 * seed. */
void floats_fill(float *values, size_t count, unsigned seed, float mean, float deviation);

/* The largest absolute difference, divided by the largest absolute expected value. Infinite if a value is not
 * finite. */
double relative_error(const float *actual, const float *expected, size_t count);

#endif
