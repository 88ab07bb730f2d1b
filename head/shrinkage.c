/* SPDX-License-Identifier: MIT */
/* Shrinkage, Cholesky's decomposition and the inverse of its factor, in double: the matrices are small. */
#include "head/shrinkage.h"

#include "core/error.h"

#include <math.h>
#include <stdlib.h>

static void shrink(double *s, int count, int width, double floor) {
    const size_t n = (size_t)width;
    double m = 0, a = 0;
    for (size_t i = 0; i < n; i++) m += s[i * n + i] / width;
    for (size_t i = 0; i < n * n; i++) a += s[i] * s[i] / ((double)width * width);
    const double spread = (count + 1.0) * (a - m * m / width);
    const double r = spread > 0 ? fmin(1, (a + m * m) / spread) : 1;
    for (size_t i = 0; i < n * n; i++) s[i] *= 1 - r;
    for (size_t i = 0; i < n; i++) s[i * n + i] += r * m + floor;
}

/* S = L L^T, in place; what lies above the diagonal is left alone. */
static void decompose(double *s, size_t n) {
    for (size_t j = 0; j < n; j++)
        for (size_t i = j; i < n; i++) {
            double sum = s[i * n + j];
            for (size_t k = 0; k < j; k++) sum -= s[i * n + k] * s[j * n + k];
            s[i * n + j] = i == j ? sqrt(sum) : sum / s[j * n + j];
        }
}

/* out = L^-1, column by column. */
static void invert_lower(const double *l, size_t n, float *out, double *column) {
    for (size_t j = 0; j < n; j++)
        for (size_t i = 0; i < n; i++) {
            double sum = i == j;
            for (size_t k = j; k < i; k++) sum -= l[i * n + k] * column[k];
            column[i] = i < j ? 0 : sum / l[i * n + i];
            out[i * n + j] = (float)column[i];
        }
}

dn_status dni_shrunk_whitening(float *out, const float *x, int count, int width, double floor,
                               dn_error *error) {
    const size_t n = (size_t)width;
    double *s = calloc(n * n + n, sizeof *s);
    if (!s) return dni_no_memory(error, "a covariance of %d features", width);
    for (int r = 0; r < count; r++) {
        const float *row = x + (size_t)r * n;
        for (size_t i = 0; i < n; i++) {
            const double share = (double)row[i] / count;
            for (size_t j = 0; j < n; j++) s[i * n + j] += share * (double)row[j];
        }
    }
    shrink(s, count, width, floor);
    decompose(s, n);
    invert_lower(s, n, out, s + n * n);
    free(s);
    return DN_OK;
}
