/* SPDX-License-Identifier: MIT */
/* What is asked of each picture, whether its features are known or have to be computed. */
#include "ftrain/features/collection.h"

bool features_has(const feature_collection *collection, const feature_item *item, const dni_view *view) {
    const dni_key key = dni_key_of_view(&item->key, view);
    return dni_feature_store_has(collection->store, &key);
}

bool features_has_all(const feature_collection *collection, const feature_item *item) {
    bool all = !item->is_unusable;
    for (int v = 0; all && v < item->source->view_count; v++)
        all = features_has(collection, item, &item->source->views[v]);
    return all;
}

outcome features_skip(feature_collection *collection, feature_item *item, const dn_error *error) {
    item->is_unusable = true;
    return skip_input(error, collection->request->options.strict, &collection->skipped);
}
