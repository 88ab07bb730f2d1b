/* Folds for cross-validation: stratified, grouped, seeded. */
#ifndef DN_HEAD_CROSS_VALIDATION_H
#define DN_HEAD_CROSS_VALIDATION_H

#include "core/status.h"

#include <stdint.h>

/* Deals `count` pictures to `folds` folds: out[i] in [0, folds). Pictures with the same groups[i] (any number;
 * one content, one person, ...) go to the same fold; every class is spread as evenly as groups allow, by the label
 * of each group's first picture. The same seed deals the same. DN_ERR_DATA_CLASSES: a class has fewer groups than
 * there are folds. */
dn_status dni_folds(int *out, const int *labels, const int *groups, int count, int classes, int folds,
                    uint64_t seed, dn_error *error);

#endif
