/* Cross-validation of a recipe. */
#ifndef FTRAIN_TRAIN_FOLDS_H
#define FTRAIN_TRAIN_FOLDS_H

#include "ftrain/features/extraction.h"
#include "ftrain/shell/outcome.h"
#include "ftrain/train/options.h"
#include "head/metrics.h"

typedef struct fold_result {
    int best_epoch;
    dn_metrics judged;
} fold_result;

typedef struct spread {
    double mean, deviation; /* of the sample: n - 1; NaN of one */
} spread;

typedef struct fold_table {
    fold_result *folds;
    int count; /* of those that are done */
    spread accuracy, loss;
} fold_table;

/* Deals the pictures of the training and validation sets to options->folds folds and prints how heads do that
 * are trained without the fold they are judged on. The sets have the same views. Returns OUTCOME_OK or, after a
 * message, another outcome; either way fold_table_free() lets go of what is in *out. */
outcome folds_run(const train_options *options, const extraction *work, const feature_set *train,
                  const feature_set *valid, fold_table *out);
void fold_table_free(fold_table *table);

#endif
