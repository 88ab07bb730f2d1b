/* SPDX-License-Identifier: MIT */
/* Which labels of a feature set are probably wrong: out-of-fold probabilities, then confident learning. */
#ifndef FTRAIN_FEATURES_LABEL_CHECK_H
#define FTRAIN_FEATURES_LABEL_CHECK_H

#include "ftrain/features/features.h"
#include "ftrain/shell/outcome.h"
#include "head/metrics.h"
#include "head/significance.h"

#include <stdbool.h>
#include <stdint.h>

enum { LABEL_FOLDS = 5 };

/* A picture whose label was judged. */
typedef struct label_verdict {
    int picture;       /* in the feature set */
    int given, likely; /* classes; likely: the one that it probably is of, -1 where it is not suspected */
    double given_probability, likely_probability; /* out of fold; NaN where not suspected */
    double margin; /* the given class's probability less the largest of another one: -1 to 1 */
} label_verdict;

typedef struct label_check {
    bool is_judged;     /* false: fewer than two classes have LABEL_FOLDS different pictures; all is empty */
    bool *class_judged; /* (classes): false for those that have not */
    size_t left_out;    /* pictures of these */
    label_verdict *verdicts; /* (count): by rising margin, the most doubtful label first */
    int count, suspected;
    int wrong;                         /* how many wrong labels the calibrated joint estimates */
    double c;                          /* the heads' inverse strength of regularisation */
    dn_metrics metrics;                /* out of fold, against the given labels */
    dni_versus_largest versus_largest; /* `largest` is the data set's class */
} label_check;

/* groups: (set->count); pictures of one group are copies of each other, and lie in one fold. The set's
 * first view is judged. The same seed gives the same result. Returns OUTCOME_OK or, after a message, another
 * outcome; either way label_check_free() is to follow. */
outcome label_check_run(label_check *out, const feature_set *set, const int *groups, int classes,
                        uint64_t seed);
void label_check_free(label_check *check);

#endif
