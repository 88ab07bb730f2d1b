/* SPDX-License-Identifier: MIT */
/* The list of pictures that goes into a feature store. */
#include "ftrain/features/described_pictures.h"

#include "ftrain/shell/new_array.h"
#include "io/file.h"

/* Views of one list: the longest that a source has. The others have the first of it. */
static void find_views(dni_feature_pictures *pictures, const feature_collection *collection) {
    for (size_t i = 0; i < collection->count; i++) {
        const feature_source *source = collection->items[i].source;
        if (source->view_count <= pictures->view_count) continue;
        pictures->views = source->views;
        pictures->view_count = source->view_count;
    }
}

outcome described_pictures_make(described_pictures *out, const feature_collection *collection) {
    const feature_request *request = collection->request;
    const dni_dataset *data = request->described;
    *out = (described_pictures){.items = new_array(collection->count, sizeof *out->items)};
    if (!out->items) return OUTCOME_MACHINE;
    dni_feature_pictures *pictures = &out->pictures;
    *pictures = (dni_feature_pictures){
        .items = out->items, .classes = (const char *const *)data->classes, .class_count = data->class_count};
    find_views(pictures, collection);
    const feature_item *item = collection->items;
    for (int split = 0; split < DNI_SPLITS; split++) {
        for (size_t i = 0; i < data->splits[split].count; i++, item++) {
            if (!features_has_all(collection, item)) continue;
            const char *inside = dni_path_inside(item->path, request->folder);
            out->items[pictures->count++] = (dni_feature_picture){.path = inside ? inside : item->path,
                                                                  .key = item->key,
                                                                  .split = (dni_split)split,
                                                                  .label = data->splits[split].items[i].label,
                                                                  .view_count = item->source->view_count};
        }
    }
    return OUTCOME_OK;
}
