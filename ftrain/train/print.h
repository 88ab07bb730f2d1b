/* SPDX-License-Identifier: MIT */
/* What `ftrain train` prints on standard output. */
#ifndef FTRAIN_TRAIN_PRINT_H
#define FTRAIN_TRAIN_PRINT_H

#include "ftrain/train/run.h"

/* The last epoch, as a line; the result; the ranking of the sweep; the folds and their mean. Return
 * OUTCOME_OK or, after a message, another outcome. */
outcome train_print_epoch(const train_run *run);
outcome train_print_result(const train_run *run);
outcome train_print_sweep(const train_run *run);
outcome train_print_folds(const train_run *run);

#endif
