/* SPDX-License-Identifier: MIT */
/* What predictions are worth, over all classes and class by class. What is not defined is NaN. */
#ifndef FTRAIN_FEATURES_SCORE_METRICS_H
#define FTRAIN_FEATURES_SCORE_METRICS_H

#include "ftrain/features/scorer.h"
#include "ftrain/shell/outcome.h"
#include "head/confusion.h"
#include "head/metrics.h"
#include "head/significance.h"

typedef struct score_metrics {
    dn_metrics overall;
    dni_confusion confusion;
    dn_class_metrics *classes; /* (classes) */
    double balanced_accuracy;
    int *of_class; /* (classes): pictures of each */
    dni_versus_largest versus_largest;
} score_metrics;

/* Both return OUTCOME_OK or, after a message, another outcome; either way score_metrics_free() is to
 * follow. */

outcome score_metrics_compute(score_metrics *out, const scores *from, int classes);
/* Of two classes that a threshold separates: such decisions have no probabilities, so loss and Brier score
 * are NaN. */
outcome score_metrics_at_threshold(score_metrics *out, const scores *from, const dn_threshold *threshold);

/* The ROC-AUC of each class against the rest, as a mean over the classes that have one; NaN without any.
 * Returns OUTCOME_OK or, after a message, another outcome. */
outcome score_macro_roc_auc(double *out, const scores *from, int classes);

void score_metrics_free(score_metrics *metrics);

#endif
