/* SPDX-License-Identifier: MIT */
/* The evaluated pictures again, each time perturbed in one way. The store is filled first, a picture
 * decoded once for all perturbations; then one perturbation after the other is read from it, so that the
 * features of only one are in memory at a time. */
#include "ftrain/evaluate/robustness.h"

#include "ftrain/shell/new_array.h"
#include "ftrain/shell/options.h"
#include "ftrain/shell/outcome.h"

#include <stdlib.h>

/* The evaluated samples without those that could not be used; the paths stay the evaluation's. */
static dni_samples usable_samples(const evaluation *result) {
    dni_samples usable = {.items = new_array((size_t)result->scores.count + 1, sizeof *usable.items)};
    for (int i = 0; usable.items && i < result->scores.count; i++)
        usable.items[usable.count++] = result->samples.items[result->scores.sample_index[i]];
    return usable;
}

/* How many of the row's pictures are right as they are. */
static int correct_plain(const evaluation *result, const scores *row) {
    int correct = 0;
    for (int i = 0; i < row->count; i++)
        correct += evaluation_predicted(result, (int)row->sample_index[i]) == row->labels[i];
    return correct;
}

static outcome evaluate_row(const evaluation *result, robustness_row *row, const scores *perturbed) {
    const int classes = result->info->class_count;
    outcome code = score_metrics_compute(&row->metrics, perturbed, classes);
    if (!code) code = score_macro_roc_auc(&row->roc_auc, perturbed, classes);
    if (!code && perturbed->count)
        row->change =
            (double)(row->metrics.overall.correct - correct_plain(result, perturbed)) / perturbed->count;
    return code;
}

static outcome evaluate_rows(evaluation *result, const dni_samples *usable, const dni_view *perturbations,
                             int count) {
    outcome code = OUTCOME_OK;
    for (int r = 0; !code && r < count; r++) {
        robustness_row *row = &result->rows[result->row_count++];
        const feature_source source = {usable, &perturbations[r], 1};
        scores perturbed;
        size_t named_already = 0;
        dni_view_name(&perturbations[r], row->name);
        code = scorer_run(&result->scorer, &source, 1, &perturbed, &named_already);
        if (!code) code = evaluate_row(result, row, &perturbed);
        scores_free(&perturbed);
    }
    return code;
}

outcome robustness_run(evaluation *result, const dni_view *perturbations, int count) {
    dni_samples usable = usable_samples(result);
    result->rows = new_array((size_t)count, sizeof *result->rows);
    outcome code = usable.items && result->rows ? OUTCOME_OK : OUTCOME_MACHINE;
    const feature_source all = {&usable, perturbations, count};
    if (!code) code = scorer_fill(&result->scorer, &all, &result->skipped);
    if (!code) code = evaluate_rows(result, &usable, perturbations, count);
    free(usable.items);
    return code;
}
