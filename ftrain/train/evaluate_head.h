/* SPDX-License-Identifier: MIT */
/* How a trained head does on pictures that it was not trained on. */
#ifndef FTRAIN_TRAIN_EVALUATE_HEAD_H
#define FTRAIN_TRAIN_EVALUATE_HEAD_H

#include "ftrain/features/features.h"
#include "ftrain/shell/outcome.h"
#include "head/metrics.h"

/* `set` has the plain view alone. Returns OUTCOME_OK or, after a message, another outcome. */
outcome evaluate_head(dn_metrics *out, const dn_head *head, const feature_set *set, int classes);

#endif
