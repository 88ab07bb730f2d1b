/* SPDX-License-Identifier: MIT */
/* Whether labels can be read without looking at content: logistic regression on cues, cross-validated. */
#include "ftrain/audit/audit.h"
#include "ftrain/shell/new_array.h"
#include "ftrain/shell/options.h"
#include "ftrain/shell/outcome.h"
#include "head/cross_validation.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Pictures, and pictures times classes, that regression is fitted to; of larger data sets evenly spread
 * pictures are taken. 50,000 tell an accuracy within half a per cent. */
enum { MAX_PICTURES = 50000, MAX_CELLS = 4000000, MIN_PICTURES = 2 * FOLDS };

static const double PENALTY = 0.1; /* dni_logistic_fit's c: cues are many and pictures may be few */

typedef struct cue_data {
    double *x; /* (count, CUE_COUNT) */
    int *labels, *fold, *group;
    int *sizes;               /* (classes): pictures of each */
    float *log_probabilities; /* (count, classes) */
    int count, classes;       /* classes that have pictures */
} cue_data;

/* One of how many pictures is taken. */
static size_t step_of(size_t count, size_t classes) {
    const size_t by_cells = count * classes / MAX_CELLS + 1;
    const size_t by_pictures = (count + MAX_PICTURES - 1) / MAX_PICTURES;
    return by_cells > by_pictures ? by_cells : by_pictures;
}

/* The usable pictures, or every step-th of them, with classes and groups numbered anew without gaps. */
static void select_pictures(cue_data *out, const audit_data *data, const uint32_t *near, size_t step,
                            uint32_t *place, int *new_label) {
    for (int c = 0; c < data->class_count; c++) new_label[c] = -1;
    size_t usable = 0;
    for (size_t i = 0; i < data->samples.count; i++) {
        const size_t first = near[i];
        if (first == i) place[i] = UINT32_MAX;
        if (!data->facts[i].is_usable || usable++ % step) continue;
        const int label = data->samples.items[i].label;
        if (new_label[label] < 0) new_label[label] = out->classes++;
        if (place[first] == UINT32_MAX) place[first] = (uint32_t)out->count;
        memcpy(out->x + (size_t)out->count * CUE_COUNT, data->matrix + i * CUE_COUNT,
               CUE_COUNT * sizeof *out->x);
        out->group[out->count] = (int)place[first];
        out->sizes[new_label[label]]++;
        out->labels[out->count++] = new_label[label];
    }
}

static const char *const GROUP_NAMES[CUE_GROUPS] = {"file metadata", "pixel statistics", "both"};

static dn_status evaluate_group(audit_leak *out, cue_data *context, int group, dn_error *error) {
    int column[CUE_COUNT];
    size_t columns = 0;
    for (int k = 0; k < CUE_COUNT; k++)
        if (group == GROUP_BOTH || (k < CUE_FILE_END) == (group == GROUP_FILE)) column[columns++] = k;
    dni_array_matrix array = {.values = context->x, .width = CUE_COUNT, .columns = columns, .column = column};
    const dni_matrix x = dni_matrix_of_array(&array);
    const dn_status status =
        dni_cross_validate(context->log_probabilities, &x, context->labels, context->fold, context->count,
                           context->classes, FOLDS, PENALTY, error);
    if (status) return status;
    cue_group *const found = &out->groups[group];
    dn_metrics *const metrics = &found->metrics;
    found->name = GROUP_NAMES[group];
    dn_metrics_compute(metrics, context->log_probabilities, context->labels, context->count, context->classes,
                       NULL);
    found->versus_largest = dni_versus_largest_class(context->sizes, context->classes, metrics->correct);
    out->is_told |= found->versus_largest.better;
    found->alarm = metrics->accuracy_low >= out->majority + ALARM_SHARE * (1 - out->majority);
    out->alarm |= found->alarm;
    return DN_OK;
}

/* ---- single cues ---- */

typedef struct ranked {
    double value;
    int label;
} ranked;

static int by_value(const void *a, const void *b) {
    const ranked *const x = a, *const y = b;
    return (x->value > y->value) - (x->value < y->value);
}

/* Mann & Whitney's statistic of every class against the rest, from sums of ranks; ties share theirs. */
static double single_auc(const cue_data *context, int cue, ranked *items, double *rank_sums,
                         const double *sizes) {
    const size_t count = (size_t)context->count;
    for (size_t i = 0; i < count; i++)
        items[i] = (ranked){context->x[i * CUE_COUNT + (size_t)cue], context->labels[i]};
    qsort(items, count, sizeof *items, by_value);
    memset(rank_sums, 0, (size_t)context->classes * sizeof *rank_sums);
    for (size_t i = 0, end; i < count; i = end) {
        for (end = i + 1; end < count && items[end].value <= items[i].value;) end++;
        const double rank = ((double)i + 1 + (double)end) / 2;
        for (size_t j = i; j < end; j++) rank_sums[items[j].label] += rank;
    }
    double sum = 0;
    for (int c = 0; c < context->classes; c++) {
        const double pairs = sizes[c] * ((double)count - sizes[c]);
        const double auc = pairs > 0 ? (rank_sums[c] - sizes[c] * (sizes[c] + 1) / 2) / pairs : 0.5;
        sum += fmax(auc, 1 - auc);
    }
    return sum / context->classes;
}

static int by_falling_auc(const void *a, const void *b) {
    const cue_rank *const x = a, *const y = b;
    if (x->auc > y->auc || x->auc < y->auc) return x->auc < y->auc ? 1 : -1;
    return x->cue - y->cue;
}

static outcome rank_cues(audit_leak *out, const cue_data *context) {
    ranked *const items = new_array((size_t)context->count, sizeof *items);
    double *const sums = new_matrix(2, (size_t)context->classes, sizeof *sums);
    if (items && sums) {
        double *const sizes = sums + context->classes;
        for (int c = 0; c < context->classes; c++) {
            sizes[c] = context->sizes[c];
            out->majority = fmax(out->majority, sizes[c] / context->count);
        }
        for (int k = 0; k < CUE_COUNT; k++)
            out->ranks[k] = (cue_rank){k, single_auc(context, k, items, sums, sizes)};
        qsort(out->ranks, CUE_COUNT, sizeof *out->ranks, by_falling_auc);
    }
    const outcome code = items && sums ? OUTCOME_OK : OUTCOME_MACHINE;
    free(items);
    free(sums);
    return code;
}

/* ---- together ---- */

static outcome evaluate_cues(audit_leak *out, cue_data *context, uint64_t seed) {
    out->pictures = context->count;
    if (context->classes < 2 || context->count < MIN_PICTURES) return OUTCOME_OK;
    const outcome code = rank_cues(out, context);
    if (code) return code;
    context->log_probabilities =
        new_matrix((size_t)context->count, (size_t)context->classes, sizeof *context->log_probabilities);
    if (!context->log_probabilities) return OUTCOME_MACHINE;
    dn_error error;
    dn_status status = dni_folds(context->fold, context->labels, context->group, context->count,
                                 context->classes, FOLDS, seed, &error);
    for (int group = 0; !status && group < CUE_GROUPS; group++)
        status = evaluate_group(out, context, group, &error);
    if (status == DN_ERR_DATA_CLASSES) return OUTCOME_OK; /* too few pictures of a class, copies apart */
    out->is_evaluated = !status;
    return status ? report(&error, OUTCOME_DATA) : OUTCOME_OK;
}

outcome audit_evaluate_cues(audit_leak *out, const audit_data *data, const audit_copies *copies,
                            uint64_t seed) {
    *out = (audit_leak){.pictures = 0};
    const size_t count = data->samples.count, step = step_of(count, (size_t)data->class_count);
    const size_t most = (count + step - 1) / step;
    cue_data context = {
        .x = new_matrix(most, CUE_COUNT, sizeof *context.x),
        .labels = new_array(most, sizeof *context.labels),
        .fold = new_array(most, sizeof *context.fold),
        .group = new_array(most, sizeof *context.group),
        .sizes = new_array((size_t)data->class_count, sizeof *context.sizes),
    };
    uint32_t *const place = new_array(count, sizeof *place);
    int *const new_label = new_array((size_t)data->class_count, sizeof *new_label);
    outcome code;
    if (context.x && context.labels && context.fold && context.group && context.sizes && place && new_label) {
        select_pictures(&context, data, copies->near, step, place, new_label);
        code = evaluate_cues(out, &context, seed);
        for (int c = 0; c < data->class_count; c++)
            if (new_label[c] >= 0 && new_label[c] == out->groups[GROUP_FILE].versus_largest.largest)
                out->largest = data->classes[c];
    } else {
        code = OUTCOME_MACHINE;
    }
    free(context.x);
    free(context.labels);
    free(context.fold);
    free(context.group);
    free(context.sizes);
    free(context.log_probabilities);
    free(place);
    free(new_label);
    return code;
}

const cue_group *audit_best_group(const audit_leak *leak) {
    int best = GROUP_FILE;
    for (int g = 0; g < CUE_GROUPS; g++)
        if (leak->groups[g].metrics.accuracy > leak->groups[best].metrics.accuracy) best = g;
    return &leak->groups[best];
}

void audit_verdict(char *text, size_t size, const audit_leak *leak) {
    if (!leak->is_evaluated) {
        snprintf(text, size, "NOT JUDGED: %d usable pictures are too few, or all of one class",
                 leak->pictures);
        return;
    }
    const cue_group *const best = audit_best_group(leak);
    const dn_metrics *const metrics = &best->metrics;
    const char *const verdict = best->alarm ? "ALARM: labels can be read without looking at content"
                                : best->versus_largest.better ? "weak cues, no alarm"
                                                              : "no cues found";
    snprintf(text, size,
             "%s: %s alone: accuracy %.3f [%.3f, %.3f], the largest class %.3f; strongest cue: %s, AUC %.3f",
             verdict, best == &leak->groups[GROUP_BOTH] ? "file metadata and pixel statistics" : best->name,
             metrics->accuracy, metrics->accuracy_low, metrics->accuracy_high, leak->majority,
             cue_name(leak->ranks[0].cue), leak->ranks[0].auc);
}
