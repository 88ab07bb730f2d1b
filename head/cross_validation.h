/* SPDX-License-Identifier: MIT */
/* Cross-validation: folds, stratified, grouped, seeded, and how well logistic regression does on them. */
#ifndef DN_HEAD_CROSS_VALIDATION_H
#define DN_HEAD_CROSS_VALIDATION_H

#include "head/matrix.h"

#include <stdint.h>

/* Deals `count` pictures to `folds` folds: out[i] in [0, folds). Pictures with the same groups[i] (any
 * number; one content, one person, ...) go to the same fold; every class is spread as evenly as groups
 * allow, by the label of each group's first picture. The same seed deals the same. DN_ERR_DATA_CLASSES: a
 * class has fewer groups than there are folds. */
dn_status dni_folds(int *out, const int *labels, const int *groups, int count, int classes, int folds,
                    uint64_t seed, dn_error *error);

/* Predicts every sample by a logistic regression fitted to the other folds. x: `count` rows, read many times;
 * its columns are standardised by mean and deviation of the samples fitted to, and weights are penalised as
 * dni_logistic_fit(c) does. out: (count, classes) natural-log probabilities. */
dn_status dni_cross_validate(float *out, const dni_matrix *x, const int *labels, const int *fold, int count,
                             int classes, int folds, double c, dn_error *error);

#endif
