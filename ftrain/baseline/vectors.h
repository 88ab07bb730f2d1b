/* SPDX-License-Identifier: MIT */
/* What simple classifiers learn from: a vector a picture, in double. */
#ifndef FTRAIN_BASELINE_VECTORS_H
#define FTRAIN_BASELINE_VECTORS_H

#include "ftrain/shell/outcome.h"
#include "core/pool.h"
#include "ftrain/features/features.h"
#include "head/matrix.h"
#include "io/dataset.h"

#include <stdbool.h>

/* Vectors of all splits, one split after the other, read when they are needed. It is not to be copied. */
typedef struct vectors {
    dni_matrix x; /* their rows, read from what stands last */
    int *labels;
    size_t *samples; /* of each, its place among the samples of its split */
    int counts[DNI_SPLITS];
    double *mean, *scale; /* (columns): what vectors_standardise() found; NULL before */

    /* of cues */
    double *cues; /* (sum of counts, CUE_COUNT) */
    dni_array_matrix array;
    /* of features */
    feature_set set;
    dn_feature_rows rows;
    dni_feature_matrix features;
} vectors;

/* The cues of all pictures that can be used; the others are added to *skipped and, unless `silent`, named.
 * To be freed in any case. Of the options, strict and quiet count. */
outcome vectors_of_cues(vectors *out, const dni_dataset *data, dni_pool *pool, const feature_options *options,
                        bool silent, size_t *skipped);
/* From here on they are cues first .. end - 1, not standardised. */
void vectors_choose_cues(vectors *cues, int first, int end);
/* The features of all pictures of the splits' sets. To be freed in any case. */
outcome vectors_of_features(vectors *out, const feature_set sets[DNI_SPLITS]);
void vectors_free(vectors *data);

/* From here on each value is told with mean 0 and deviation 1 over the training split; one that does not vary
 * there is 0. Returns OUTCOME_OK or, after a message, another outcome. */
outcome vectors_standardise(vectors *data);

/* How many there are before a split; before DNI_SPLITS: all. */
size_t vectors_before(const vectors *data, int split);
/* The rows of a split. */
dni_matrix_part vectors_of_split(const vectors *data, int split);

#endif
