/* SPDX-License-Identifier: MIT */
/* The list of pictures that goes into a feature store, told from the collection: it takes no memory. */
#include "ftrain/features/described_pictures.h"

#include "io/file.h"

/* Views of one list: the longest that a source has. The others have the first of it. */
static void find_views(dni_feature_pictures *pictures, const feature_collection *collection) {
    for (size_t s = 0; s < collection->source_count; s++) {
        const feature_source *source = &collection->sources[s];
        if (!source->samples->count || source->view_count <= pictures->view_count) continue;
        pictures->views = source->views;
        pictures->view_count = source->view_count;
    }
}

/* The sources are the data set's splits. */
static void next_picture(const void *context, size_t *position, dni_feature_picture *out) {
    const feature_collection *collection = context;
    while (!collection->items[*position].is_complete) ++*position;
    const size_t i = (*position)++;
    const feature_source *source;
    const dni_sample *sample = features_sample(collection, i, &source);
    const char *inside = dni_path_inside(sample->path, collection->request->folder);
    *out = (dni_feature_picture){.path = inside ? inside : sample->path,
                                 .key = collection->items[i].key,
                                 .split = (dni_split)(source - collection->sources),
                                 .label = sample->label,
                                 .view_count = source->view_count};
}

dni_feature_pictures described_pictures(const feature_collection *collection) {
    const dni_dataset *data = collection->request->described;
    dni_feature_pictures pictures = {.next = next_picture,
                                     .context = collection,
                                     .classes = (const char *const *)data->classes,
                                     .class_count = data->class_count};
    find_views(&pictures, collection);
    for (size_t i = 0; i < collection->count; i++) pictures.count += collection->items[i].is_complete;
    return pictures;
}
