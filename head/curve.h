/* SPDX-License-Identifier: MIT */
/* The curves of a ranking at any place: for means over several rankings, whose points lie at different
 * places. */
#ifndef DN_HEAD_CURVE_H
#define DN_HEAD_CURVE_H

#include "head/metrics.h"

/* Of a ranking that has positives and negatives. */

/* The true positive rate at a false positive rate from 0 to 1: between two points of the ROC curve on the
 * straight line between them, as the area is counted; where the curve goes straight up, its upper end. */
double dni_roc_at(const dn_ranking *ranking, double false_positive_rate);
/* The precision at the first point, by falling score, whose recall is at least this, from 0 to 1: without
 * interpolation, as average precision is counted. */
double dni_precision_at(const dn_ranking *ranking, double recall);

#endif
