/* SPDX-License-Identifier: MIT */
/* What simple classifiers learn from: a vector a picture, in double. */
#ifndef FTRAIN_BASELINE_VECTORS_H
#define FTRAIN_BASELINE_VECTORS_H

#include "ftrain/shell/outcome.h"
#include "core/pool.h"
#include "ftrain/features/features.h"
#include "io/dataset.h"

#include <stdbool.h>

/* Vectors of all splits, one split after the other. */
typedef struct vectors {
    double *values; /* (sum of counts, width) */
    int *labels;
    size_t *samples; /* of each, its place among the samples of its split */
    int counts[DNI_SPLITS];
    int width;
} vectors;

/* The cues of all pictures that can be used; the others are added to *skipped and, unless `silent`, named.
 * To be freed in any case. Of the options, strict and quiet count. */
outcome vectors_of_cues(vectors *out, const dni_dataset *data, dni_pool *pool, const feature_options *options,
                        bool silent, size_t *skipped);
/* Columns first .. end - 1. Likewise. */
outcome vectors_take_columns(vectors *out, const vectors *from, int first, int end);
/* Each value to mean 0 and deviation 1 over the training split; one that does not vary there becomes 0. */
void vectors_standardise(vectors *data);
void vectors_free(vectors *data);

#endif
