/* SPDX-License-Identifier: MIT */
/* The data set in one piece, and its cues. */
#include "ftrain/audit/audit.h"
#include "ftrain/shell/message.h"
#include "ftrain/shell/new_array.h"
#include "ftrain/shell/options.h"
#include "ftrain/shell/outcome.h"
#include "ftrain/shell/picture_set.h"

#include <stdlib.h>
#include <string.h>

/* Takes over the pictures and their classes. */
static void take(audit_data *out, const picture_set *set) {
    out->classes = set->classes;
    out->class_count = set->class_count;
    out->samples = set->samples;
    memcpy(out->parts, set->parts, sizeof out->parts);
    memcpy(out->ends, set->ends, sizeof out->ends);
    out->part_count = set->part_count;
    out->decisions = set->decisions;
}

outcome audit_open(audit_data *out, const char *folder, const decision_options *decisions) {
    *out = (audit_data){.folder = folder};
    picture_set set;
    const outcome code = picture_set_open(&set, folder, decisions, &out->skipped);
    take(out, &set);
    if (code) return code;
    if (out->samples.count > INT32_MAX) {
        message("%s: holds more than %d pictures", folder, INT32_MAX);
        return OUTCOME_DATA;
    }
    const size_t classes = (size_t)out->class_count;
    out->matrix = new_matrix(out->samples.count, CUE_COUNT, sizeof *out->matrix);
    out->facts = new_array(out->samples.count, sizeof *out->facts);
    out->tiny_sums = new_matrix(classes, TINY_BYTES, sizeof *out->tiny_sums);
    out->usable = new_array(classes, sizeof *out->usable);
    return out->matrix && out->facts && out->tiny_sums && out->usable ? OUTCOME_OK : OUTCOME_MACHINE;
}

static void add_tiny(void *context, size_t index, const uint8_t *tiny) {
    audit_data *const data = context;
    const size_t label = (size_t)data->samples.items[index].label;
    double *const sums = data->tiny_sums + label * TINY_BYTES;
    for (int i = 0; i < TINY_BYTES; i++) sums[i] += tiny[i];
    data->usable[label]++;
}

outcome audit_measure(audit_data *data, dni_pool *pool, bool quiet) {
    const cue_request request = {.pool = pool, .quiet = quiet, .on_picture = add_tiny, .context = data};
    return cues_collect(&request, &data->samples, data->matrix, data->facts, &data->skipped);
}

int audit_part(const audit_data *data, size_t i) {
    int part = 0;
    while (i >= data->ends[part]) part++;
    return part;
}

void audit_close(audit_data *data) {
    for (int c = 0; c < data->class_count; c++) free(data->classes[c]);
    free(data->classes);
    dni_samples_free(&data->samples);
    free(data->matrix);
    free(data->facts);
    free(data->tiny_sums);
    free(data->usable);
}
