/* SPDX-License-Identifier: MIT */
/* Rows of doubles that are read when they are needed: what logistic regression is fitted to. */
#ifndef DN_HEAD_MATRIX_H
#define DN_HEAD_MATRIX_H

#include "head/training.h"

/* Rows that are read at a time, at most. Sums run over blocks of so many, wherever the rows come from, so
 * that the bits do not depend on it. */
enum { DNI_MATRIX_BLOCK = 256 };

typedef struct dni_matrix {
    /* Puts the rows rows[0 .. count - 1], no more than a block, into out (count, columns). */
    dn_status (*read)(void *context, const size_t *rows, int count, double *out, dn_error *error);
    void *context;
    int columns;
} dni_matrix;

/* ---- columns of an array ---- */

typedef struct dni_array_matrix {
    const double *values; /* (rows, width) */
    size_t width, columns;
    const int *column; /* (columns): those that count, in this order; NULL: the first */
} dni_array_matrix;

/* `array` must outlive the matrix. */
dni_matrix dni_matrix_of_array(dni_array_matrix *array);

/* ---- feature vectors ---- */

/* Of the vectors that were read, so many bytes are kept: a fit makes hundreds of passes, in which reading
 * would take most of the time. */
enum { DNI_MATRIX_KEPT = 64 << 20 };

typedef struct dni_feature_matrix {
    const dn_feature_rows *rows;
    size_t width;
    float *kept;            /* (capacity, width): of the first rows */
    unsigned char *is_kept; /* (capacity) */
    size_t capacity;
    float *block;    /* (DNI_MATRIX_BLOCK, width): those that have to be read */
    size_t *vectors; /* (DNI_MATRIX_BLOCK): likewise */
    int *places;     /* (DNI_MATRIX_BLOCK): where in the block of rows each belongs */
} dni_feature_matrix;

/* Row n is view 0 of picture n. `rows` and `context` must outlive the matrix, which serves one thread; either
 * way dni_feature_matrix_free() is to follow. */
dn_status dni_matrix_of_features(dni_matrix *out, dni_feature_matrix *context, const dn_feature_rows *rows,
                                 int width, dn_error *error);
void dni_feature_matrix_free(dni_feature_matrix *context);

/* ---- some rows of a matrix, each column shifted and scaled ---- */

typedef struct dni_matrix_part {
    const dni_matrix *matrix;
    const size_t *rows; /* (count); NULL: count rows from row `first` on */
    size_t first;
    int count;
    const double *mean, *scale; /* (columns): (x - mean) * scale is what is taken; NULL: x */
} dni_matrix_part;

/* A pass over such a part, a block at a time. */
typedef struct dni_matrix_pass {
    double *values;   /* (count, columns): those read last */
    int first, count; /* in the part's order; no more are left where count is 0 */

    const dni_matrix_part *part;
    size_t *rows; /* (DNI_MATRIX_BLOCK) */
} dni_matrix_pass;

/* Room for a pass, which may be made again and again; either way dni_matrix_pass_free() is to follow. */
dn_status dni_matrix_pass_create(dni_matrix_pass *out, const dni_matrix_part *part, dn_error *error);
void dni_matrix_pass_free(dni_matrix_pass *pass);
/* Before the first row. */
void dni_matrix_pass_rewind(dni_matrix_pass *pass);
dn_status dni_matrix_pass_next(dni_matrix_pass *pass, dn_error *error);

/* Mean and deviation (of the population) of each column over a part; both (columns). */
dn_status dni_matrix_measure(double *mean, double *deviation, const dni_matrix_part *part, dn_error *error);

#endif
