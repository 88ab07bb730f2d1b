/* SPDX-License-Identifier: MIT */
/* Inner products of all pairs, of feature vectors and of pictures as raw pixels: the matrix of the linear
 * kernel, from which every kernel of distances follows. */
#ifndef FTRAIN_BASELINE_KERNEL_MATRIX_H
#define FTRAIN_BASELINE_KERNEL_MATRIX_H

#include "ftrain/baseline/pixel_set.h"
#include "ftrain/shell/outcome.h"

typedef struct kernel_matrix {
    double *values; /* (count, count) */
    int count;
} kernel_matrix;

/* Both return OUTCOME_OK or, after a message, another outcome; either way kernel_matrix_free() is to
 * follow. */

/* Summed in double over blocks of columns. */
outcome kernel_matrix_of_pixels(kernel_matrix *out, const pixel_set *set);
/* values: (count, width). */
outcome kernel_matrix_of_vectors(kernel_matrix *out, const double *values, int count, int width);
void kernel_matrix_free(kernel_matrix *products);

#endif
