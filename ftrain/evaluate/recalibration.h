/* SPDX-License-Identifier: MIT */
/* Temperature and threshold, fitted on one split and evaluated on another. */
#ifndef FTRAIN_EVALUATE_RECALIBRATION_H
#define FTRAIN_EVALUATE_RECALIBRATION_H

#include "ftrain/features/score_metrics.h"
#include "ftrain/features/scorer.h"
#include "ftrain/shell/outcome.h"
#include "head/metrics.h"

typedef struct recalibration {
    const char *split; /* that they were fitted on; NULL: they were not */
    int count;         /* pictures in it */
    double temperature;
    dn_metrics metrics; /* of the evaluated pictures at that temperature */
    dn_reliability reliability;
    dn_threshold threshold;     /* of two classes; NaN where there is none */
    score_metrics at_threshold; /* of the evaluated pictures; empty without a threshold */
} recalibration;

/* Fits on `fit`, the scores of the split of that name, and evaluates `evaluated`. Returns OUTCOME_OK or,
 * after a message, another outcome; either way score_metrics_free() is to follow for at_threshold. */
outcome recalibration_run(recalibration *out, const char *split, const scores *fit, const scores *evaluated,
                          int classes);

#endif
