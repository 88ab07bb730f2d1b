/* SPDX-License-Identifier: MIT */
/* What a head says of a feature set's pictures, whose vectors are read block by block. */
#ifndef FTRAIN_FEATURES_SET_SCORES_H
#define FTRAIN_FEATURES_SET_SCORES_H

#include "ftrain/features/feature_set.h"
#include "head/novelty.h"

/* Both look at each picture's first view. */

/* out: (count, classes) natural-log probabilities. The bits do not depend on where the vectors lie. */
dn_status set_log_probabilities(const dn_head *head, const feature_set *set, float *out, dn_error *error);
/* As dn_novelty_score(): (count) each; either may be NULL. */
dn_status set_unfamiliarity(const dn_novelty *novelty, const feature_set *set, float *scores,
                            double *percentiles, dn_error *error);

#endif
