/* SPDX-License-Identifier: MIT */
/* Feature sets: labelled pictures and where their vectors lie, and sets made of other sets. A set takes 12
 * bytes a picture and 4 a view: its vectors are not in memory. */
#ifndef FTRAIN_FEATURES_FEATURE_SET_H
#define FTRAIN_FEATURES_FEATURE_SET_H

#include "ftrain/features/feature_vectors.h"
#include "ftrain/shell/outcome.h"
#include "head/training.h"
#include "io/duplicates.h"
#include "io/view.h"

#include <stddef.h>
#include <stdint.h>

typedef struct feature_set {
    const dni_view *views; /* the source's */
    int view_count;
    int width; /* features of a view */
    feature_vectors *vectors;
    uint32_t *rows; /* (count, view_count): of the vectors */
    int *labels;
    size_t *sample_index;    /* (count): of each among the source's samples; NULL in a set made of others */
    dni_fingerprint *prints; /* (count): of the files; NULL unless they were asked for */
    int count;
} feature_set;

void feature_set_free(feature_set *set);

/* The set as head/ reads it, and which must outlive the rows. */
dn_feature_rows feature_set_rows(const feature_set *set);

/* Both share vectors and copy labels, not sample indices. They return OUTCOME_OK or, after a message, another
 * outcome; either way feature_set_free() is to follow. */

/* All pictures of `first` and, behind them, all of `second`, which has the same views of the same vectors. */
outcome feature_set_join(feature_set *out, const feature_set *first, const feature_set *second);
/* The pictures whose group is `group`, in their order, with the first view_count views of each; groups:
 * (count). */
outcome feature_set_take(feature_set *out, const feature_set *from, const int *groups, int group,
                         int view_count);

#endif
