/* SPDX-License-Identifier: MIT */
/* The pictures of one features_collect() on their way to their features. */
#ifndef FTRAIN_FEATURES_COLLECTION_H
#define FTRAIN_FEATURES_COLLECTION_H

#include "ftrain/features/features.h"
#include "ftrain/features/looks.h"
#include "io/content_key.h"
#include "io/feature_store.h"

/* A picture on its way to its features. */
typedef struct feature_item {
    const feature_source *source;
    const char *path;
    dni_key key;             /* of the file */
    bool is_unusable;        /* it was named and counted */
    const dni_view *missing; /* the views that are to be computed */
    int missing_count;
} feature_item;

typedef struct feature_collection {
    const feature_request *request;
    dni_feature_store *store;
    feature_item *items; /* of all sources, one after the other */
    look *looks;         /* (count): of the items; NULL unless fingerprints are asked for */
    size_t count;
    size_t skipped; /* items that cannot be used */
} feature_collection;

/* Names and counts a picture that cannot be used. Returns OUTCOME_OK to go on, or, after a message,
 * another outcome. */
outcome features_skip(feature_collection *collection, feature_item *item, const dn_error *error);

/* Whether the store has the record of a view of an item. */
bool features_has(const feature_collection *collection, const feature_item *item, const dni_view *view);
/* Whether it can be used and the store lacks none of its views. */
bool features_has_all(const feature_collection *collection, const feature_item *item);

#endif
