/* SPDX-License-Identifier: MIT */
/* Reading a set's vectors, and copying pictures from one set to another. */
#include "ftrain/features/feature_set.h"

#include "ftrain/shell/new_array.h"

#include <stdlib.h>
#include <string.h>

void feature_set_free(feature_set *set) {
    feature_vectors_release(set->vectors);
    free(set->rows);
    free(set->labels);
    free(set->sample_index);
    free(set->prints);
    *set = (feature_set){.count = 0};
}

/* ---- reading ---- */

static dn_status read_vectors(void *context, const size_t *vectors, size_t count, float *out,
                              dn_error *error) {
    enum { PIECE = 256 };
    const feature_set *set = context;
    uint32_t rows[PIECE];
    dn_status status = DN_OK;
    for (size_t done = 0; !status && done < count; done += PIECE) {
        const size_t here = count - done < PIECE ? count - done : PIECE;
        for (size_t i = 0; i < here; i++) rows[i] = set->rows[vectors[done + i]];
        status = feature_vectors_read(set->vectors, rows, here, out + done * (size_t)set->width, error);
    }
    return status;
}

dn_feature_rows feature_set_rows(const feature_set *set) {
    return (dn_feature_rows){.read = read_vectors,
                             .context = (void *)(uintptr_t)set, /* read_vectors() only reads it */
                             .labels = set->labels,
                             .count = set->count,
                             .views = set->view_count};
}

/* ---- sets made of others ---- */

/* Room for `count` pictures, of which there are none yet. */
static outcome make_empty(feature_set *out, const feature_set *like, size_t count, int view_count) {
    *out = (feature_set){.views = like->views, .view_count = view_count, .width = like->width};
    out->vectors = feature_vectors_share(like->vectors);
    out->rows = new_matrix(count, (size_t)view_count, sizeof *out->rows);
    out->labels = new_array(count, sizeof *out->labels);
    return out->rows && out->labels ? OUTCOME_OK : OUTCOME_MACHINE;
}

static void add_picture(feature_set *to, const feature_set *from, int picture) {
    memcpy(to->rows + (size_t)to->count * (size_t)to->view_count,
           from->rows + (size_t)picture * (size_t)from->view_count,
           (size_t)to->view_count * sizeof *to->rows);
    to->labels[to->count++] = from->labels[picture];
}

outcome feature_set_join(feature_set *out, const feature_set *first, const feature_set *second) {
    const size_t count = (size_t)first->count + (size_t)second->count;
    const outcome code = make_empty(out, first, count, first->view_count);
    if (code) return code;
    for (int i = 0; i < first->count; i++) add_picture(out, first, i);
    for (int i = 0; i < second->count; i++) add_picture(out, second, i);
    return OUTCOME_OK;
}

outcome feature_set_take(feature_set *out, const feature_set *from, const int *groups, int group,
                         int view_count) {
    const outcome code = make_empty(out, from, (size_t)from->count, view_count);
    if (code) return code;
    for (int i = 0; i < from->count; i++)
        if (groups[i] == group) add_picture(out, from, i);
    return OUTCOME_OK;
}
