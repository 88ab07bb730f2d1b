/* SPDX-License-Identifier: MIT */
/* Subspace iteration on BLAS, orthonormal after each half of a step: a network's features have one direction,
 * their mean, a thousand times larger than the last that is wanted, and float32 would lose the last beside
 * the square of that. Within the subspace the basis is any: nothing here needs the single directions, so no
 * eigenvalue problem has to be solved. */
#include "head/subspace.h"

#include "core/error.h"
#include "core/rng.h"

#include <cblas.h>
#include <math.h>
#include <stdlib.h>

enum { ITERATIONS = 8 };

/* A row that keeps less than this share of its length lies in the span of the rows before it, but for
 * float32's rounding. */
static const double DEPENDENT = 1e-5;

static double length_of(const float *row, int width) {
    return sqrt(cblas_dsdot(width, row, 1, row, 1));
}

/* Gram-Schmidt, twice over: enough to be orthogonal to rounding (Giraud, Langou & Rozloznik 2005). */
static void orthonormalise(float *rows, int count, int width) {
    for (int i = 0; i < count; i++) {
        float *row = rows + (size_t)i * (size_t)width;
        const double before = length_of(row, width);
        for (int pass = 0; pass < 2; pass++)
            for (int j = 0; j < i; j++) {
                const float *other = rows + (size_t)j * (size_t)width;
                cblas_saxpy(width, (float)-cblas_dsdot(width, row, 1, other, 1), other, 1, row, 1);
            }
        const double after = length_of(row, width);
        const double scale = after > DEPENDENT * before ? 1 / after : 0;
        for (int k = 0; k < width; k++) row[k] = (float)((double)row[k] * scale);
    }
}

dn_status dni_subspace_fit(float *basis, int directions, const float *x, int count, int width, uint64_t seed,
                           dn_error *error) {
    float *left = malloc((size_t)count * (size_t)directions * sizeof *left); /* (directions, count) */
    if (!left) return dni_no_memory(error, "projections of %d vectors", count);
    dni_rng rng = dni_rng_named(seed, "subspace");
    for (size_t i = 0; i < (size_t)directions * (size_t)width; i++) basis[i] = dni_rng_uniform(&rng) - 0.5f;
    for (int i = 0; i < ITERATIONS; i++) {
        cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, directions, count, width, 1, basis, width, x,
                    width, 0, left, count);
        orthonormalise(left, directions, count);
        cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, directions, width, count, 1, left, count, x,
                    width, 0, basis, width);
        orthonormalise(basis, directions, width);
    }
    free(left);
    return DN_OK;
}
