/* SPDX-License-Identifier: MIT */
/* Pictures whose colours stand out in their class. */
#ifndef FTRAIN_CUES_COLOUR_OUTLIERS_H
#define FTRAIN_CUES_COLOUR_OUTLIERS_H

#include "ftrain/cues/cues.h"
#include "ftrain/shell/outcome.h"

enum { OUTLIER_MIN_MEMBERS = 5 }; /* pictures that a class must have for one of them to stand out */

/* Of each picture the largest modified z-score (head/modified_z.h) among its colour cues in its class, and
 * the cue that has it; 0 where it cannot be used or its class is too small. scores, cues: (count), the
 * caller's; matrix and facts as cues_collect() leaves them. */
outcome colour_outlier_scores(double *scores, int *cues, const dni_samples *samples, int class_count,
                              const double *matrix, const picture_facts *facts);

#endif
