/* SPDX-License-Identifier: MIT */
/* Labelled feature vectors as rows that are read when they are needed: all of head/ reads them so, whether
 * they lie in an array or elsewhere, and sums what it reads in one order. */
#ifndef DN_HEAD_FEATURE_ROWS_H
#define DN_HEAD_FEATURE_ROWS_H

#include "head/training.h"
#include "io/content_key.h"

/* What the rows of an array are read from. */
typedef struct dni_feature_array {
    const float *values; /* (count, views, width) */
    size_t width;
} dni_feature_array;

/* The rows of `of`, which are read from `array`: it must outlive them. `split` begins the message of
 * DN_ERR_ARGUMENT, where there is no array. */
dn_status dni_feature_array_rows(dn_feature_rows *out, dni_feature_array *array, const dn_features *of,
                                 const char *split, int width, dn_error *error);

/* A pass over all pictures in their order: so many at a time, each in its first `views` views. */
typedef struct dni_feature_pass {
    float *values;    /* (count, views, width): those read last */
    int first, count; /* pictures; no more are left where count is 0 */

    const dn_feature_rows *rows;
    size_t *vectors; /* (capacity, views): which ones are read */
    size_t width;
    int views, capacity;
} dni_feature_pass;

/* Pictures that a pass reads at a time are a multiple of this or, with many views, a divisor. */
enum { DNI_PASS_VECTORS = 256 };

/* Begins before the first picture; either way dni_feature_pass_end() is to follow. */
dn_status dni_feature_pass_begin(dni_feature_pass *out, const dn_feature_rows *rows, int views, int width,
                                 dn_error *error);
dn_status dni_feature_pass_next(dni_feature_pass *pass, dn_error *error);
void dni_feature_pass_end(dni_feature_pass *pass);

/* Labels in [0, classes), at least one picture, and the first `views` views of each finite; 0: all views.
 * `split` begins every message but those of a read that failed. *hash: the XXH3-128 of what was read; may be
 * NULL. */
dn_status dni_feature_rows_check(const dn_feature_rows *rows, const char *split, int views, int width,
                                 int classes, dni_key *hash, dn_error *error);

#endif
