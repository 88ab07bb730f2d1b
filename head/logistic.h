/* SPDX-License-Identifier: MIT */
/* Multinomial logistic regression, fitted to its optimum: the linear baseline.
 *
 * The same problem as scikit-learn's LogisticRegression(C=c): 1/2 ||W||^2 + c * sum of negative
 * log-likelihoods, intercepts not penalised. Solved by L-BFGS (Liu & Nocedal 1989), so there is no learning
 * rate to choose and the result depends on nothing but the numbers. */
#ifndef DN_HEAD_LOGISTIC_H
#define DN_HEAD_LOGISTIC_H

#include "core/status.h"

/* x: (count, features), dense; labels: (count), each in [0, classes). out: (classes, features + 1), each
 * row a class's weights and then its intercept, the caller's. Stops where the largest component of the
 * gradient, over c * count, is below 1e-8, or where no step improves the objective in double precision any
 * more; DN_ERR_DATA_DIVERGED when it leaves the finite numbers. */
dn_status dni_logistic_fit(double *out, const double *x, const int *labels, int count, int features,
                           int classes, double c, dn_error *error);

/* out: (count, classes) natural-log probabilities. */
void dni_logistic_log_probabilities(const double *weights, const double *x, int count, int features,
                                    int classes, float *out);

#endif
