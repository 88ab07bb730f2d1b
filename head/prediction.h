/* SPDX-License-Identifier: MIT */
/* What a row of probabilities says. */
#ifndef DN_HEAD_PREDICTION_H
#define DN_HEAD_PREDICTION_H

/* The index of the largest value, the first of equal ones. */
int dni_most_probable(const float *row, int classes);

#endif
