/* SPDX-License-Identifier: MIT */
/* What a row of probabilities says, and what predictions say of classes. */
#ifndef DN_HEAD_PREDICTION_H
#define DN_HEAD_PREDICTION_H

#include "head/metrics.h"

/* The index of the largest value, the first of equal ones. */
int dni_most_probable(const float *row, int classes);

/* out (classes): what dn_class_metrics_compute() makes of a confusion matrix, without that matrix, of labels
 * and predictions, each (count). */
void dni_class_metrics_of(dn_class_metrics *out, const int *labels, const int *predictions, int count,
                          int classes);

#endif
