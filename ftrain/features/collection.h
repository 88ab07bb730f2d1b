/* SPDX-License-Identifier: MIT */
/* The pictures of one features_collect() on their way to their features. */
#ifndef FTRAIN_FEATURES_COLLECTION_H
#define FTRAIN_FEATURES_COLLECTION_H

#include "ftrain/features/features.h"
#include "ftrain/features/looks.h"
#include "io/content_key.h"
#include "io/feature_store.h"

/* A picture on its way to its features. There may be millions: what its sample says is not repeated. */
typedef struct feature_item {
    dni_key key;      /* of the file */
    uint64_t missing; /* bit v: view v of its source is to be computed */
    bool is_unusable; /* it was named and counted */
    bool is_complete; /* it can be used and the store lacks none of its views */
} feature_item;

typedef struct feature_collection {
    const feature_request *request;
    const feature_source *sources;
    size_t source_count;
    dni_feature_store *store;
    feature_item *items; /* of all sources, one after the other */
    look *looks;         /* (count): of the items; NULL unless fingerprints are asked for */
    size_t count;
    size_t skipped; /* items that cannot be used */
} feature_collection;

/* The sample that item i is of, and its source; source may be NULL. */
const dni_sample *features_sample(const feature_collection *collection, size_t i,
                                  const feature_source **source);

/* Names and counts a picture that cannot be used. Returns OUTCOME_OK to go on, or, after a message,
 * another outcome. */
outcome features_skip(feature_collection *collection, feature_item *item, const dn_error *error);

/* Whether the store has the record of a view of an item. */
bool features_has(const feature_collection *collection, const feature_item *item, const dni_view *view);

#endif
