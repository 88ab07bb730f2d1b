/* SPDX-License-Identifier: MIT */
/* Shared by the head's tests: golden arrays, and inputs that C and the Python oracle both make from a
 * stream. */
#ifndef TEST_SUPPORT_HEAD_H
#define TEST_SUPPORT_HEAD_H

#include "head/training.h"

#include <stddef.h>

/* Fails unless |a - b| <= tolerance; NaN fails. */
#define assert_close(a, b, tolerance) assert_close_at((a), (b), (tolerance), __FILE__, __LINE__)
void assert_close_at(double a, double b, double tolerance, const char *file, int line);

/* test/golden/head/head.txt, written by test/golden/head/oracle_head.py: a line an array, its name, its
 * length and its values. Fails the test when the array is missing or not `count` long. Freed by the
 * caller. */
double *golden_array(const char *name, size_t count);
/* The same of another file of that form. */
double *golden_array_of(const char *path, const char *name, size_t count);

/* U(0, 1) from the stream of that name, seed 1. Freed by the caller. */
float *stream_values(const char *name, size_t count);

/* A two-class data set: values v = u^3 (skewed, never negative), feature i times 10^(i % 3 - 1);
 * label n % 2; of label 1 the first `width / 2` features are three times as large. */
typedef struct toy_data {
    dn_features features;
    float *values;
    int *labels;
} toy_data;

toy_data toy_data_make(const char *name, int count, int views, int width);
void toy_data_free(toy_data *data);

#endif
