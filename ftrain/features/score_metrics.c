/* SPDX-License-Identifier: MIT */
/* Confusion matrices, and the metrics that follow from them. */
#include "ftrain/features/score_metrics.h"

#include "ftrain/shell/new_array.h"

#include <math.h>
#include <stdlib.h>

static outcome allocate(score_metrics *out, int classes) {
    const size_t width = (size_t)classes;
    *out = (score_metrics){.confusion = new_matrix(width, width, sizeof *out->confusion),
                           .classes = new_array(width, sizeof *out->classes),
                           .of_class = new_array(width, sizeof *out->of_class)};
    return out->confusion && out->classes && out->of_class ? OUTCOME_OK : OUTCOME_MACHINE;
}

static void summarise_confusion(score_metrics *out, int classes) {
    dn_class_metrics_compute(out->classes, out->confusion, classes);
    out->balanced_accuracy = dn_balanced_accuracy(out->classes, classes);
    int correct = 0;
    for (int c = 0; c < classes; c++) {
        out->of_class[c] = out->classes[c].count;
        correct += out->classes[c].correct;
    }
    out->versus_largest = dni_versus_largest_class(out->of_class, classes, correct);
}

outcome score_metrics_compute(score_metrics *out, const scores *from, int classes) {
    const outcome code = allocate(out, classes);
    if (code) return code;
    dn_metrics_compute(&out->overall, from->log_probabilities, from->labels, from->count, classes,
                       out->confusion);
    summarise_confusion(out, classes);
    return OUTCOME_OK;
}

outcome score_metrics_at_threshold(score_metrics *out, const scores *from, const dn_threshold *threshold) {
    const outcome code = allocate(out, 2);
    if (code) return code;
    dn_threshold_confusion(threshold, from->log_probabilities, from->labels, from->count, out->confusion);
    summarise_confusion(out, 2);
    dn_metrics *m = &out->overall;
    *m = (dn_metrics){.count = from->count,
                      .correct = out->confusion[0] + out->confusion[3],
                      .loss = (double)NAN,
                      .brier = (double)NAN};
    m->accuracy = (double)m->correct / m->count;
    dn_wilson_interval(m->correct, m->count, &m->accuracy_low, &m->accuracy_high);
    return OUTCOME_OK;
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
    free(metrics->confusion);
    free(metrics->classes);
    free(metrics->of_class);
}
