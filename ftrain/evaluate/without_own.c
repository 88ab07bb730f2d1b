/* SPDX-License-Identifier: MIT */
/* Scores of a part of the pictures. */
#include "ftrain/evaluate/without_own.h"

#include "ftrain/shell/new_array.h"

#include <stdlib.h>
#include <string.h>

/* The scores of those that are not the model's own; scores_free() is to follow. */
static outcome take_others(scores *out, const scores *from, const own_pictures *own, int classes) {
    const size_t width = (size_t)classes;
    *out =
        (scores){.log_probabilities = new_matrix((size_t)from->count, width, sizeof *out->log_probabilities),
                 .labels = new_array((size_t)from->count, sizeof *out->labels)};
    if (!out->log_probabilities || !out->labels) return OUTCOME_MACHINE;
    for (int i = 0; i < from->count; i++) {
        if (own->is_own[i]) continue;
        memcpy(out->log_probabilities + (size_t)out->count * width,
               from->log_probabilities + (size_t)i * width, width * sizeof *out->log_probabilities);
        out->labels[out->count++] = from->labels[i];
    }
    return OUTCOME_OK;
}

static outcome measure(without_own *out, const scores *from, int classes) {
    scores others;
    outcome code = take_others(&others, from, &out->own, classes);
    if (!code) code = score_metrics_compute(&out->metrics, &others, classes);
    if (!code) code = score_macro_roc_auc(&out->roc_auc, &others, classes);
    scores_free(&others);
    return code;
}

outcome without_own_compute(without_own *out, const scores *from, const dn_classifier_info *info) {
    *out = (without_own){.is_measured = false};
    const outcome code =
        own_pictures_find(&out->own, info->picture_keys, info->picture_key_count, from->prints, from->count);
    const int own = own_pictures_count(&out->own);
    out->is_measured = !code && own > 0 && own < from->count;
    return out->is_measured ? measure(out, from, info->class_count) : code;
}

void without_own_free(without_own *of) {
    own_pictures_free(&of->own);
    score_metrics_free(&of->metrics);
}
