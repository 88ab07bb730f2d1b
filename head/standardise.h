/* SPDX-License-Identifier: MIT */
/* Standardisation: every feature to mean 0 and deviation 1 over the training split.
 *
 * Features of a pooled ReLU network differ in scale by orders of magnitude; standardised, one learning rate
 * fits all of them. */
#ifndef DN_HEAD_STANDARDISE_H
#define DN_HEAD_STANDARDISE_H

#include "head/feature_rows.h"

/* Measures mean and inverse deviation (of the population, 1 / N) of each feature over the first `views` views
 * of every picture, in double; out: (2, width), mean then inverse deviation.
 *
 * A feature that does not vary says nothing, and dividing by what rounding left of its deviation would blow
 * up the first picture on which it does: where the deviation is at most 1e-6 of the feature's mean or of the
 * widest feature's deviation, float32's resolution, the inverse is 0, which takes the feature out. */
dn_status dni_standardise_measure(const dn_feature_rows *data, int views, int width, float *out,
                                  dn_error *error);

#endif
