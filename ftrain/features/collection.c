/* SPDX-License-Identifier: MIT */
/* What is asked of each picture, whether its features are known or have to be computed. */
#include "ftrain/features/collection.h"

bool features_has(const feature_collection *collection, const feature_item *item, const dni_view *view) {
    const dni_key key = dni_key_of_view(&item->key, view);
    return dni_feature_store_has(collection->store, &key);
}

const dni_sample *features_sample(const feature_collection *collection, size_t i,
                                  const feature_source **source) {
    const feature_source *of = collection->sources;
    for (; i >= of->samples->count; of++) i -= of->samples->count;
    if (source) *source = of;
    return &of->samples->items[i];
}

outcome features_skip(feature_collection *collection, feature_item *item, const dn_error *error) {
    item->is_unusable = true;
    return skip_input(error, collection->request->options.strict, &collection->skipped);
}
