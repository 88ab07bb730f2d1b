/* SPDX-License-Identifier: MIT */
/* A covariance from few vectors, and what makes it the identity. */
#ifndef DN_HEAD_SHRINKAGE_H
#define DN_HEAD_SHRINKAGE_H

#include "core/status.h"

/* W, (width, width), lower triangular, for which W^T W is the inverse of the covariance of x: then |W x| is
 * x's Mahalanobis length. x: (count, width), of mean 0, count >= 1.
 *
 * The covariance is the "oracle approximating shrinkage" estimate (Chen, Wiesel, Eldar & Hero 2010): with S =
 * x^T x / count and m = trace(S) / width it is (1 - r) S + r m I, where r = min(1, (a + m^2) / ((count + 1)
 * (a - m^2 / width))), and a is the mean of S's squared elements. That is scikit-learn's form of it. Where x
 * is all zeros the covariance is taken to be `floor` I, floor > 0, which also is added to any other.
 * DN_ERR_MEMORY alone. */
dn_status dni_shrunk_whitening(float *out, const float *x, int count, int width, double floor,
                               dn_error *error);

#endif
