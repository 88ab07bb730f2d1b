/* SPDX-License-Identifier: MIT */
/* What a feature store says of its pictures: which of them the records are of. */
#ifndef FTRAIN_FEATURES_DESCRIBED_PICTURES_H
#define FTRAIN_FEATURES_DESCRIBED_PICTURES_H

#include "ftrain/features/collection.h"
#include "ftrain/shell/outcome.h"

typedef struct described_pictures {
    dni_feature_picture *items; /* from malloc */
    dni_feature_pictures pictures;
} described_pictures;

/* Lists the pictures of the request's data set of which the store has all that was asked for, in their
 * order; the names stay the data set's. Returns OUTCOME_OK or, after a message, another outcome. */
outcome described_pictures_make(described_pictures *out, const feature_collection *collection);

#endif
