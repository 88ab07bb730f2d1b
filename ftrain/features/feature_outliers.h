/* SPDX-License-Identifier: MIT */
/* Pictures whose features stand out in their class. */
#ifndef FTRAIN_FEATURES_FEATURE_OUTLIERS_H
#define FTRAIN_FEATURES_FEATURE_OUTLIERS_H

#include "ftrain/features/features.h"
#include "ftrain/shell/outcome.h"

/* Of each picture the modified z-score (head/modified_z.h) of its distance to its class's centre, each
 * feature divided by its deviation in the class (the Mahalanobis distance of a diagonal Gaussian for each
 * class; with a full one: Lee et al. 2018); 0 where the class has fewer than `min_members`
 * pictures. scores: (set->count), the caller's. The set has one view. */
outcome feature_outlier_scores(double *scores, const feature_set *set, int class_count, size_t min_members);

#endif
