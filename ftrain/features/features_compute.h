/* SPDX-License-Identifier: MIT */
/* The part of features_collect() that works on the network: the views that the store lacks. */
#ifndef FTRAIN_FEATURES_FEATURES_COMPUTE_H
#define FTRAIN_FEATURES_FEATURES_COMPUTE_H

#include "ftrain/features/collection.h"

/* Computes the views that the store lacks and puts them into it. Returns OUTCOME_OK or, after a message,
 * another outcome; what was put into the store before stays there. */
outcome features_compute(feature_collection *collection);

/* On a helper of rank 0: computes what rank 0 hands out. Returns OUTCOME_OK or, after a message, another
 * outcome. */
outcome features_help(const feature_request *request);

#endif
