/* SPDX-License-Identifier: MIT */
/* Out-of-fold probabilities: of every sample, by a head that was fitted to the other folds. */
#ifndef DN_HEAD_OUT_OF_FOLD_H
#define DN_HEAD_OUT_OF_FOLD_H

#include "head/training.h"

#include <stdint.h>

/* x: pictures with `width` features, of which view 0 counts, read many times; labels each in [0, classes);
 * groups: (x->count), as dni_folds() takes them, so that copies of one picture do not vouch for each other.
 * The heads are logistic regressions on features that are standardised on the samples fitted to, all with
 * the same inverse strength of regularisation, *c: from 1e-5 upwards by factors of ten to 1, as long as the
 * mean loss of the judged samples falls. out: (count, classes), natural-log probabilities; *loss: their mean
 * negative log-likelihood. The same seed gives the same bits. DN_ERR_DATA_CLASSES: a class has fewer groups
 * than there are folds. A read that fails ends it. */
dn_status dni_out_of_fold(float *out, double *c, double *loss, const dn_feature_rows *x, int width,
                          const int *groups, int classes, int folds, uint64_t seed, dn_error *error);

#endif
