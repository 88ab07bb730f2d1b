/* What is asked of each picture, whether its features are known or have to be computed. */
#include "ftrain/features/collection.h"

bool features_has(const feature_collection *collection, const feature_item *item, const dni_view *view) {
    const dni_key key = dni_key_of_view(&item->key, view);
    return dni_feature_store_has(collection->store, &key);
}

outcome features_skip(feature_collection *collection, feature_item *item, const dn_error *error) {
    item->is_unusable = true;
    return skip_input(error, collection->request->options.strict, &collection->skipped);
}
