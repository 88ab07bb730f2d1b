/* SPDX-License-Identifier: MIT */
/* Cross-validation of a recipe. */
#ifndef FTRAIN_TRAIN_FOLDS_H
#define FTRAIN_TRAIN_FOLDS_H

#include "ftrain/features/extraction.h"
#include "ftrain/shell/outcome.h"
#include "ftrain/train/options.h"
#include "head/metrics.h"
#include "head/significance.h"

/* What stands in place of a fold's number in the rows that sum them up. */
enum { FOLD_MEAN = 0, FOLD_DEVIATION = -1, FOLD_SUMMARIES = 2 };

typedef struct fold_result {
    int fold; /* from 1 */
    int best_epoch;
    dn_metrics held_out; /* of the fold's own pictures */
} fold_result;

typedef struct mean_sd {
    double mean, deviation; /* of the sample: n - 1; NaN of one */
} mean_sd;

typedef struct fold_table {
    fold_result *folds; /* (count + FOLD_SUMMARIES): the rows of mean and deviation stand behind the folds */
    int count;          /* of those that are done */
    mean_sd accuracy, loss;
    /* of all folds that are done, together: each picture was judged once, by the head that had not seen it */
    int *of_class; /* (classes): pictures of each */
    struct {
        int correct, count;
        double accuracy, low, high; /* Wilson's interval */
    } pooled;
    dni_versus_largest versus_largest;
} fold_table;

/* Assigns the pictures of the training and validation sets to options->folds folds and evaluates, on each
 * fold, a head that was trained without it. The sets have the same views. Returns OUTCOME_OK or, after a
 * message, another outcome; after OUTCOME_INTERRUPTED *out holds the folds that are done. In any case
 * fold_table_free() is to follow. */
outcome folds_run(const train_options *options, int classes, const feature_set *train,
                  const feature_set *valid, fold_table *out);
void fold_table_free(fold_table *table);

#endif
