/* SPDX-License-Identifier: MIT */
/* One run of `ftrain train` as data: train.c fills it in, print.c prints it, report.c makes a page of it, and
 * recipe.c makes the JSON that the model file keeps. */
#ifndef FTRAIN_TRAIN_RUN_H
#define FTRAIN_TRAIN_RUN_H

#include "ftrain/features/extraction.h"
#include "ftrain/features/own_pictures.h"
#include "ftrain/shell/guessing.h"
#include "ftrain/shell/outcome.h"
#include "ftrain/train/checkpoint.h"
#include "ftrain/train/epochs.h"
#include "ftrain/train/folds.h"
#include "ftrain/train/options.h"
#include "ftrain/train/origin.h"
#include "ftrain/train/sweep.h"
#include "head/metrics.h"
#include "head/novelty.h"
#include "head/training.h"

typedef struct train_run {
    const train_options *options; /* of a sweep: the winner's */
    const char *data;             /* the data folder */
    origin origin;                /* what it goes on from */
    extraction extraction;
    feature_set sets[DNI_SPLITS];
    feature_set calibration; /* the part of valid that is kept apart, no longer in its set; often empty */
    int *counts[DNI_SPLITS]; /* pictures of each class that could be used, without those kept apart */
    dn_picture_key *picture_keys; /* (picture_key_count): of train, then of valid; NULL: not kept */
    int picture_key_count;
    own_pictures own_in_test; /* test pictures that are the same as some of these */
    checkpoint checkpoint;

    sweep *sweep;     /* NULL: none */
    fold_table folds; /* of no folds: none */
    epoch_log epochs;
    bool is_line_lost; /* an epoch's line could not be printed for lack of memory */
    dn_head *head;
    dn_novelty *novelty; /* fitted when the head is trained */
    dn_train_result result;
    dn_metrics test;
} train_run;

/* Whether patience ended the training; folds make no such training. */
bool train_stopped_early(const train_run *run);
/* Whether no epoch was better than the model that the training went on from. */
bool train_kept_start(const train_run *run);
/* Whether the learning rate changes. */
bool train_has_schedule(const train_run *run);

/* What always guessing the largest class of test, and the test accuracy beside it, come to. */
dni_versus_largest train_versus_largest(const train_run *run);
guessing_sentence train_guessing(const train_run *run);
/* Likewise of valid, and the accuracy there at the best epoch. */
dni_versus_largest train_valid_largest(const train_run *run);
/* Likewise of the pictures of all folds that are done. */
guessing_sentence train_folds_guessing(const train_run *run);
/* Whether the first epoch was the best on valid, and no better there than always guessing the largest
 * class. If so, and unless it is NULL, *sentence says it. */
bool train_learnt_nothing(const train_run *run, guessing_sentence *sentence);

#endif
