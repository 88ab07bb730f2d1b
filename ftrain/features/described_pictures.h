/* SPDX-License-Identifier: MIT */
/* What a feature store says of its pictures: which of them the records are of. */
#ifndef FTRAIN_FEATURES_DESCRIBED_PICTURES_H
#define FTRAIN_FEATURES_DESCRIBED_PICTURES_H

#include "ftrain/features/collection.h"

/* The pictures of the request's data set of which the store has all that was asked for, in their order. The
 * list is the collection's: it and the data set must outlive it. */
dni_feature_pictures described_pictures(const feature_collection *collection);

#endif
