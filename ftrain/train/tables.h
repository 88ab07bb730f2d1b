/* SPDX-License-Identifier: MIT */
/* The tables of a training: its epochs, the runs of a sweep, the folds of a cross-validation. */
#ifndef FTRAIN_TRAIN_TABLES_H
#define FTRAIN_TRAIN_TABLES_H

#include "ftrain/shell/columns.h"
#include "ftrain/shell/outcome.h"
#include "ftrain/train/folds.h"
#include "ftrain/train/sweep.h"
#include "head/training.h"

/* Of an array of epochs. `with_rate`: with a column for the learning rate, which JSON has in any case. */
row_table epoch_table(const dn_epoch *first, int count, bool with_rate);

typedef struct sweep_row {
    const sweep_grid *grid;
    ranked_run run;
    const char *values[MAX_SWEEP_AXES];
    /* NaN of a run that diverged */
    double best_epoch, train_loss, valid_loss, valid_accuracy;
} sweep_row;

typedef struct sweep_table {
    table_column columns[10 + MAX_SWEEP_AXES];
    row_table runs; /* of these columns: all of the following, which JSON tells apart by their keys */
    row_table finished, diverged;
    sweep_row *rows;
} sweep_table;

/* Returns OUTCOME_OK or, after a message, another outcome; either way sweep_table_free() is to follow. The
 * sweep must outlive the table. */
outcome sweep_table_make(sweep_table *out, const sweep *from);
void sweep_table_free(sweep_table *table);

/* The folds and, unless `folds_only`, two rows for mean and deviation. */
row_table folds_table(const fold_table *folds, bool folds_only);

#endif
