/* SPDX-License-Identifier: MIT */
/* The evaluated pictures without those that the model was made from: what it is worth on pictures that are
 * new to it. */
#ifndef FTRAIN_EVALUATE_WITHOUT_OWN_H
#define FTRAIN_EVALUATE_WITHOUT_OWN_H

#include "ftrain/features/own_pictures.h"
#include "ftrain/features/score_metrics.h"
#include "ftrain/features/scorer.h"
#include "ftrain/shell/outcome.h"

typedef struct without_own {
    own_pictures own;
    bool is_measured;      /* whether some pictures are the model's own, and some are not */
    score_metrics metrics; /* of those that are not; empty unless measured */
    double roc_auc;        /* of these: macro average over the classes */
} without_own;

/* `from` has fingerprints where the model keeps keys. Returns OUTCOME_OK or, after a message, another
 * outcome; either way without_own_free() is to follow. */
outcome without_own_compute(without_own *out, const scores *from, const dn_classifier_info *info);
void without_own_free(without_own *of);

#endif
