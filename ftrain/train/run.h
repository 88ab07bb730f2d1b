/* One run of `ftrain train` as data: train.c fills it in, print.c prints it, report.c makes a page of it, and
 * recipe.c makes the JSON that the model file keeps. */
#ifndef FTRAIN_TRAIN_RUN_H
#define FTRAIN_TRAIN_RUN_H

#include "ftrain/features/extraction.h"
#include "ftrain/shell/outcome.h"
#include "ftrain/train/checkpoint.h"
#include "ftrain/train/epochs.h"
#include "ftrain/train/folds.h"
#include "ftrain/train/options.h"
#include "ftrain/train/sweep.h"
#include "head/metrics.h"
#include "head/training.h"

typedef struct train_run {
    const train_options *options; /* of a sweep: the winner's */
    extraction extraction;
    feature_set sets[DNI_SPLITS];
    int *counts[DNI_SPLITS]; /* pictures of each class that could be used */
    checkpoint checkpoint;

    sweep *sweep;     /* NULL: none */
    fold_table folds; /* of no folds: none */
    epoch_log epochs;
    dn_head *head;
    dn_train_result result;
    dn_metrics test;
} train_run;

/* Whether patience ended the training; folds make no such training. */
bool train_stopped_early(const train_run *run);
/* Whether the learning rate changes. */
bool train_has_schedule(const train_run *run);

#endif
