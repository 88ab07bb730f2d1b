/* Cross-validation of a recipe. */
#ifndef FTRAIN_FOLDS_H
#define FTRAIN_FOLDS_H

#include "ftrain/extraction.h"
#include "ftrain/train_options.h"

/* Deals the pictures of the training and validation sets to options->folds folds and prints how heads do that
 * are trained without the fold they are judged on. The sets have the same views. Returns CONTINUE or, after a
 * message, the exit code. */
int folds_run(const train_options *options, const extraction *work, const feature_set *train,
              const feature_set *valid);

#endif
