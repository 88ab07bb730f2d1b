/* SPDX-License-Identifier: MIT */
/* The products by BLAS, a block of columns at a time. */
#include "ftrain/baseline/kernel_matrix.h"

#include "ftrain/shell/new_array.h"
#include "head/blas.h"

#include <cblas.h>
#include <stdlib.h>

static void mirror(kernel_matrix *products) {
    const size_t n = (size_t)products->count;
    for (size_t i = 0; i < n; i++)
        for (size_t j = i + 1; j < n; j++) products->values[j * n + i] = products->values[i * n + j];
}

static outcome acquire_blas(void) {
    dn_error error;
    return dni_blas_acquire(&error) ? report(&error, OUTCOME_MACHINE) : OUTCOME_OK;
}

/* Distances do not change when 128 is taken from every value, and float sums lose less. */
outcome kernel_matrix_of_pixels(kernel_matrix *out, const pixel_set *set) {
    enum { COLUMNS = 2048 };
    const size_t n = (size_t)set->count;
    out->count = set->count;
    out->values = new_matrix(n, n, sizeof *out->values);
    float *block = new_matrix(n, COLUMNS, sizeof *block), *part = new_matrix(n, n, sizeof *part);
    outcome code = out->values && block && part ? acquire_blas() : OUTCOME_MACHINE;
    const bool has_blas = !code;
    for (int first = 0; !code && first < set->size; first += COLUMNS) {
        const int columns = set->size - first < COLUMNS ? set->size - first : COLUMNS;
        for (size_t i = 0; i < n; i++)
            for (int k = 0; k < columns; k++)
                block[i * COLUMNS + (size_t)k] =
                    (float)set->values[i * (size_t)set->size + (size_t)(first + k)] - 128;
        cblas_ssyrk(CblasRowMajor, CblasUpper, CblasNoTrans, set->count, columns, 1, block, COLUMNS, 0, part,
                    set->count);
        for (size_t i = 0; i < n; i++)
            for (size_t j = i; j < n; j++) out->values[i * n + j] += (double)part[i * n + j];
    }
    if (!code) mirror(out);
    if (has_blas) dni_blas_release();
    free(block);
    free(part);
    return code;
}

outcome kernel_matrix_of_vectors(kernel_matrix *out, const double *values, int count, int width) {
    out->count = count;
    out->values = new_matrix((size_t)count, (size_t)count, sizeof *out->values);
    const outcome code = out->values ? acquire_blas() : OUTCOME_MACHINE;
    if (code) return code;
    cblas_dsyrk(CblasRowMajor, CblasUpper, CblasNoTrans, count, width, 1, values, width, 0, out->values,
                count);
    dni_blas_release();
    mirror(out);
    return OUTCOME_OK;
}

void kernel_matrix_free(kernel_matrix *products) {
    free(products->values);
    *products = (kernel_matrix){.count = 0};
}
