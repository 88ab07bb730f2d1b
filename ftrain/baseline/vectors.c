/* SPDX-License-Identifier: MIT */
/* Cues and features as vectors, and standardising. */
#include "ftrain/baseline/vectors.h"

#include "ftrain/cues/cues.h"
#include "ftrain/shell/message.h"
#include "ftrain/shell/new_array.h"
#include "ftrain/shell/options.h"
#include "ftrain/shell/outcome.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void forget_scale(vectors *data) {
    free(data->mean);
    free(data->scale);
    data->mean = data->scale = NULL;
}

void vectors_free(vectors *data) {
    forget_scale(data);
    free(data->cues);
    free(data->labels);
    free(data->samples);
    dni_feature_matrix_free(&data->features);
    feature_set_free(&data->set);
}

size_t vectors_before(const vectors *data, int split) {
    size_t count = 0;
    for (int s = 0; s < split; s++) count += (size_t)data->counts[s];
    return count;
}

dni_matrix_part vectors_of_split(const vectors *data, int split) {
    return (dni_matrix_part){.matrix = &data->x,
                             .first = vectors_before(data, split),
                             .count = data->counts[split],
                             .mean = data->mean,
                             .scale = data->scale};
}

/* ---- cues ---- */

/* Takes a split's usable pictures; `matrix` and `facts` have a row for each of its pictures. */
static void take_split(vectors *out, int split, const dni_samples *samples, const double *matrix,
                       const picture_facts *facts) {
    size_t at = vectors_before(out, DNI_SPLITS);
    for (size_t i = 0; i < samples->count; i++) {
        if (!facts[i].is_usable) continue;
        memcpy(out->cues + at * CUE_COUNT, matrix + i * CUE_COUNT, CUE_COUNT * sizeof *matrix);
        out->samples[at] = i;
        out->labels[at++] = samples->items[i].label;
        out->counts[split]++;
    }
}

outcome vectors_of_cues(vectors *out, const dni_dataset *data, dni_pool *pool, const feature_options *options,
                        bool silent, size_t *skipped) {
    *out = (vectors){.cues = NULL};
    size_t all = 0, most = 0;
    for (int s = 0; s < DNI_SPLITS; s++) {
        all += data->splits[s].count;
        if (data->splits[s].count > most) most = data->splits[s].count;
    }
    out->cues = new_matrix(all, CUE_COUNT, sizeof *out->cues);
    out->labels = new_array(all, sizeof *out->labels);
    out->samples = new_array(all, sizeof *out->samples);
    double *matrix = new_matrix(most, CUE_COUNT, sizeof *matrix);
    picture_facts *facts = new_array(most, sizeof *facts);
    outcome code = out->cues && out->labels && out->samples && matrix && facts ? OUTCOME_OK : OUTCOME_MACHINE;
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

void vectors_choose_cues(vectors *cues, int first, int end) {
    forget_scale(cues);
    cues->array = (dni_array_matrix){
        .values = cues->cues + first, .width = CUE_COUNT, .columns = (size_t)(end - first)};
    cues->x = dni_matrix_of_array(&cues->array);
}

/* ---- features ---- */

static outcome join(feature_set *out, const feature_set sets[DNI_SPLITS]) {
    feature_set two;
    outcome code = feature_set_join(&two, &sets[DNI_TRAIN], &sets[DNI_VALID]);
    if (!code) code = feature_set_join(out, &two, &sets[DNI_TEST]);
    feature_set_free(&two);
    return code;
}

outcome vectors_of_features(vectors *out, const feature_set sets[DNI_SPLITS]) {
    *out = (vectors){.cues = NULL};
    for (int s = 0; s < DNI_SPLITS; s++) out->counts[s] = sets[s].count;
    const size_t count = vectors_before(out, DNI_SPLITS);
    out->labels = new_array(count, sizeof *out->labels);
    out->samples = new_array(count, sizeof *out->samples);
    if (!out->labels || !out->samples) return OUTCOME_MACHINE;
    for (int s = 0; s < DNI_SPLITS; s++) {
        const size_t at = vectors_before(out, s), pictures = (size_t)sets[s].count;
        memcpy(out->labels + at, sets[s].labels, pictures * sizeof *out->labels);
        memcpy(out->samples + at, sets[s].sample_index, pictures * sizeof *out->samples);
    }
    const outcome code = join(&out->set, sets);
    if (code) return code;
    out->rows = feature_set_rows(&out->set);
    dn_error error;
    return dni_matrix_of_features(&out->x, &out->features, &out->rows, out->set.width, &error)
               ? report(&error, OUTCOME_MACHINE)
               : OUTCOME_OK;
}

/* ---- standardising ---- */

outcome vectors_standardise(vectors *data) {
    const size_t columns = (size_t)data->x.columns;
    double *mean = new_array(columns, sizeof *mean), *scale = new_array(columns, sizeof *scale);
    const dni_matrix_part train = vectors_of_split(data, DNI_TRAIN);
    dn_error error;
    outcome code = mean && scale ? OUTCOME_OK : OUTCOME_MACHINE;
    if (!code && dni_matrix_measure(mean, scale, &train, &error)) code = report(&error, OUTCOME_MACHINE);
    /* what rounding leaves of a constant is no variation */
    for (size_t k = 0; !code && k < columns; k++)
        scale[k] = scale[k] > 1e-6 * fabs(mean[k]) ? 1 / scale[k] : 0;
    data->mean = mean;
    data->scale = scale;
    return code;
}
