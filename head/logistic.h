/* SPDX-License-Identifier: MIT */
/* Multinomial logistic regression, fitted to its optimum: the linear baseline.
 *
 * The same problem as scikit-learn's LogisticRegression(C=c): 1/2 ||W||^2 + c * sum of negative
 * log-likelihoods, intercepts not penalised. Solved by L-BFGS (Liu & Nocedal 1989), so there is no learning
 * rate to choose and the result depends on nothing but the numbers. */
#ifndef DN_HEAD_LOGISTIC_H
#define DN_HEAD_LOGISTIC_H

#include "head/matrix.h"

/* labels: (x->count), of the rows in their order, each in [0, classes). out: (classes, columns + 1), each
 * row a class's weights and then its intercept, the caller's. The rows are read anew, block by block, for
 * every step, and so take no memory. Stops where the largest component of the
 * gradient, over c * count, is below 1e-8, or where no step improves the objective in double precision any
 * more; DN_ERR_DATA_DIVERGED when it leaves the finite numbers. */
dn_status dni_logistic_fit(double *out, const dni_matrix_part *x, const int *labels, int classes, double c,
                           dn_error *error);

/* out: (x->count, classes) natural-log probabilities. */
dn_status dni_logistic_log_probabilities(const double *weights, const dni_matrix_part *x, int classes,
                                         float *out, dn_error *error);

#endif
