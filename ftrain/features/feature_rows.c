/* SPDX-License-Identifier: MIT */
/* Copying pictures from one feature set to another. */
#include "ftrain/features/feature_rows.h"

#include "ftrain/shell/new_array.h"

#include <string.h>

/* Room for `count` pictures, of which there are none yet. */
static outcome make_empty(feature_set *out, const feature_set *like, size_t count, int view_count) {
    *out = (feature_set){.views = like->views, .view_count = view_count, .width = like->width};
    out->values = new_matrix(count, (size_t)view_count * (size_t)like->width, sizeof *out->values);
    out->labels = new_array(count, sizeof *out->labels);
    return out->values && out->labels ? OUTCOME_OK : OUTCOME_MACHINE;
}

static void add_picture(feature_set *to, const feature_set *from, size_t picture) {
    const size_t width = (size_t)to->width, floats = (size_t)to->view_count * width;
    memcpy(to->values + (size_t)to->count * floats, from->values + picture * (size_t)from->view_count * width,
           floats * sizeof *to->values);
    to->labels[to->count++] = from->labels[picture];
}

outcome feature_set_join(feature_set *out, const feature_set *first, const feature_set *second) {
    const size_t count = (size_t)first->count + (size_t)second->count;
    const outcome code = make_empty(out, first, count, first->view_count);
    if (code) return code;
    for (int i = 0; i < first->count; i++) add_picture(out, first, (size_t)i);
    for (int i = 0; i < second->count; i++) add_picture(out, second, (size_t)i);
    return OUTCOME_OK;
}

outcome feature_set_take(feature_set *out, const feature_set *from, const int *groups, int group,
                         int view_count) {
    const outcome code = make_empty(out, from, (size_t)from->count, view_count);
    if (code) return code;
    for (int i = 0; i < from->count; i++)
        if (groups[i] == group) add_picture(out, from, (size_t)i);
    return OUTCOME_OK;
}
