/* SPDX-License-Identifier: MIT */
/* Support vector machines with a radial basis function, by libsvm on precomputed kernels.
 *
 * libsvm computes kernels over sparse vectors, which takes minutes for 150,000 pixels; the products of all
 * pairs by BLAS take seconds, and every C shares them. */
#ifndef FTRAIN_BASELINE_SVM_H
#define FTRAIN_BASELINE_SVM_H

#include "ftrain/baseline/kernel_matrix.h"
#include "ftrain/shell/outcome.h"

typedef struct svm svm;

/* Classes told apart one against one on the first labels_count vectors of `products`, as scikit-learn's
 * SVC(C=c, kernel="rbf", gamma=gamma) does; labels in [0, classes), every class among them. Returns
 * OUTCOME_OK or, after a message, another outcome. `products` must outlive the machine. */
outcome svm_fit(svm **out, const kernel_matrix *products, const int *labels, int labels_count, double gamma,
                double c);
void svm_free(svm *machine);

/* The class of vector `index` of the products. *decision, for two classes, is the distance from the boundary
 * in libsvm's units, positive for class 1. */
int svm_classify(const svm *machine, int index, double *decision);

#endif
