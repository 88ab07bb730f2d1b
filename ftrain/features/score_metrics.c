/* SPDX-License-Identifier: MIT */
/* Predictions, and the metrics that follow from them. */
#include "ftrain/features/score_metrics.h"

#include "ftrain/shell/new_array.h"
#include "head/prediction.h"

#include <math.h>
#include <stdlib.h>

static outcome allocate(score_metrics *out, int classes) {
    const size_t width = (size_t)classes;
    *out = (score_metrics){.classes = new_array(width, sizeof *out->classes),
                           .of_class = new_array(width, sizeof *out->of_class)};
    return out->classes && out->of_class ? OUTCOME_OK : OUTCOME_MACHINE;
}

static void summarise_classes(score_metrics *out, int classes) {
    out->balanced_accuracy = dn_balanced_accuracy(out->classes, classes);
    int correct = 0;
    for (int c = 0; c < classes; c++) {
        out->of_class[c] = out->classes[c].count;
        correct += out->classes[c].correct;
    }
    out->versus_largest = dni_versus_largest_class(out->of_class, classes, correct);
}

outcome score_metrics_compute(score_metrics *out, const scores *from, int classes) {
    outcome code = allocate(out, classes);
    if (code) return code;
    int *predictions = new_array((size_t)from->count, sizeof *predictions);
    if (!predictions) return OUTCOME_MACHINE;
    for (int i = 0; i < from->count; i++)
        predictions[i] = dni_most_probable(from->log_probabilities + (size_t)i * (size_t)classes, classes);
    dn_metrics_compute(&out->overall, from->log_probabilities, from->labels, from->count, classes, NULL);
    dni_class_metrics_of(out->classes, from->labels, predictions, from->count, classes);
    summarise_classes(out, classes);
    dn_error error;
    if (dni_confusion_make(&out->confusion, from->labels, predictions, from->count, &error))
        code = report(&error, OUTCOME_MACHINE);
    free(predictions);
    return code;
}

outcome score_metrics_at_threshold(score_metrics *out, const scores *from, const dn_threshold *threshold) {
    const outcome code = allocate(out, 2);
    if (code) return code;
    int matrix[4];
    dn_threshold_confusion(threshold, from->log_probabilities, from->labels, from->count, matrix);
    dn_class_metrics_compute(out->classes, matrix, 2);
    summarise_classes(out, 2);
    dn_metrics *m = &out->overall;
    *m = (dn_metrics){
        .count = from->count, .correct = matrix[0] + matrix[3], .loss = (double)NAN, .brier = (double)NAN};
    m->accuracy = (double)m->correct / m->count;
    dn_wilson_interval(m->correct, m->count, &m->accuracy_low, &m->accuracy_high);
    dn_error error;
    return dni_confusion_of_matrix(&out->confusion, matrix, 2, &error) ? report(&error, OUTCOME_MACHINE)
                                                                       : OUTCOME_OK;
}

outcome score_macro_roc_auc(double *out, const scores *from, int classes) {
    double *values = new_matrix(2, (size_t)classes, sizeof *values);
    if (!values) return OUTCOME_MACHINE;
    dn_error error;
    const dn_status status = dn_ranking_all(values, values + classes, from->log_probabilities, from->labels,
                                            from->count, classes, &error);
    *out = dn_mean_defined(values, classes);
    free(values);
    return status ? report(&error, OUTCOME_MACHINE) : OUTCOME_OK;
}

void score_metrics_free(score_metrics *metrics) {
    dni_confusion_free(&metrics->confusion);
    free(metrics->classes);
    free(metrics->of_class);
}
