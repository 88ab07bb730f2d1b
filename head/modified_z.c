/* SPDX-License-Identifier: MIT */
/* Modified z-scores. */
#include "head/modified_z.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static int ascending(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Sorts them. */
static double median(double *values, size_t count) {
    qsort(values, count, sizeof *values, ascending);
    return (values[(count - 1) / 2] + values[count / 2]) / 2;
}

void dni_modified_z(double *values, double *scratch, size_t count) {
    if (!count) return;
    memcpy(scratch, values, count * sizeof *values);
    const double centre = median(scratch, count);
    for (size_t i = 0; i < count; i++) scratch[i] = fabs(values[i] - centre);
    const double deviation = median(scratch, count);
    for (size_t i = 0; i < count; i++)
        values[i] = deviation > 1e-9 ? 0.6745 * (values[i] - centre) / deviation : 0;
}
