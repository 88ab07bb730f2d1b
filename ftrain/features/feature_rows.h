/* SPDX-License-Identifier: MIT */
/* Feature sets made of other feature sets. */
#ifndef FTRAIN_FEATURES_FEATURE_ROWS_H
#define FTRAIN_FEATURES_FEATURE_ROWS_H

#include "ftrain/features/features.h"
#include "ftrain/shell/outcome.h"

/* Both copy features and labels, not sample indices. They return OUTCOME_OK or, after a message, another
 * outcome; either way feature_set_free() is to follow. */

/* All pictures of `first` and, behind them, all of `second`, which has the same views. */
outcome feature_set_join(feature_set *out, const feature_set *first, const feature_set *second);
/* The pictures whose group is `group`, in their order, with the first view_count views of each; groups:
 * (count). */
outcome feature_set_take(feature_set *out, const feature_set *from, const int *groups, int group,
                         int view_count);

#endif
