/* SPDX-License-Identifier: MIT */
/* Cues as vectors, columns of them, and standardising. */
#include "ftrain/baseline/vectors.h"

#include "ftrain/cues/cues.h"
#include "ftrain/shell/message.h"
#include "ftrain/shell/new_array.h"
#include "ftrain/shell/options.h"
#include "ftrain/shell/outcome.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void vectors_free(vectors *data) {
    free(data->values);
    free(data->labels);
    free(data->samples);
    *data = (vectors){.width = 0};
}

static int count_of(const vectors *data) {
    int count = 0;
    for (int s = 0; s < DNI_SPLITS; s++) count += data->counts[s];
    return count;
}

/* Takes a split's usable pictures; `matrix` and `facts` have a row for each of its pictures. */
static void take_split(vectors *out, int split, const dni_samples *samples, const double *matrix,
                       const picture_facts *facts) {
    size_t at = (size_t)count_of(out);
    for (size_t i = 0; i < samples->count; i++) {
        if (!facts[i].is_usable) continue;
        memcpy(out->values + at * CUE_COUNT, matrix + i * CUE_COUNT, CUE_COUNT * sizeof *matrix);
        out->samples[at] = i;
        out->labels[at++] = samples->items[i].label;
        out->counts[split]++;
    }
}

outcome vectors_of_cues(vectors *out, const dni_dataset *data, dni_pool *pool, const feature_options *options,
                        bool silent, size_t *skipped) {
    *out = (vectors){.width = CUE_COUNT};
    size_t all = 0, most = 0;
    for (int s = 0; s < DNI_SPLITS; s++) {
        all += data->splits[s].count;
        if (data->splits[s].count > most) most = data->splits[s].count;
    }
    out->values = new_matrix(all, CUE_COUNT, sizeof *out->values);
    out->labels = new_array(all, sizeof *out->labels);
    out->samples = new_array(all, sizeof *out->samples);
    double *matrix = new_matrix(most, CUE_COUNT, sizeof *matrix);
    picture_facts *facts = new_array(most, sizeof *facts);
    outcome code =
        out->values && out->labels && out->samples && matrix && facts ? OUTCOME_OK : OUTCOME_MACHINE;
    const cue_request request = {
        .pool = pool, .quiet = options->quiet, .silent = silent, .strict = options->strict};
    for (int s = 0; !code && s < DNI_SPLITS; s++) {
        code = cues_collect(&request, &data->splits[s], matrix, facts, skipped);
        if (!code) take_split(out, s, &data->splits[s], matrix, facts);
        if (!code && !out->counts[s]) {
            message("%s: no picture that can be used is left", dni_split_name((dni_split)s));
            code = OUTCOME_DATA;
        }
    }
    free(matrix);
    free(facts);
    return code;
}

outcome vectors_take_columns(vectors *out, const vectors *from, int first, int end) {
    const size_t count = (size_t)count_of(from), width = (size_t)(end - first);
    *out = *from;
    out->width = end - first;
    out->values = new_matrix(count, width, sizeof *out->values);
    out->labels = new_array(count, sizeof *out->labels);
    out->samples = new_array(count, sizeof *out->samples);
    if (!out->values || !out->labels || !out->samples) return OUTCOME_MACHINE;
    memcpy(out->labels, from->labels, count * sizeof *out->labels);
    memcpy(out->samples, from->samples, count * sizeof *out->samples);
    for (size_t i = 0; i < count; i++)
        memcpy(out->values + i * width, from->values + i * (size_t)from->width + first,
               width * sizeof *out->values);
    return OUTCOME_OK;
}

void vectors_standardise(vectors *data) {
    const size_t width = (size_t)data->width, train = (size_t)data->counts[DNI_TRAIN];
    const size_t count = (size_t)count_of(data);
    for (size_t k = 0; k < width; k++) {
        double mean = 0, squares = 0;
        for (size_t i = 0; i < train; i++) mean += data->values[i * width + k];
        mean /= (double)train;
        for (size_t i = 0; i < train; i++) squares += pow(data->values[i * width + k] - mean, 2);
        const double deviation = sqrt(squares / (double)train);
        /* what rounding leaves of a constant is no variation */
        const double scale = deviation > 1e-6 * fabs(mean) ? 1 / deviation : 0;
        for (size_t i = 0; i < count; i++)
            data->values[i * width + k] = scale * (data->values[i * width + k] - mean);
    }
}
