/* SPDX-License-Identifier: MIT */
/* Many trainings on the same features, and the best of them. */
#ifndef FTRAIN_TRAIN_SWEEP_H
#define FTRAIN_TRAIN_SWEEP_H

#include "core/pool.h"
#include "ftrain/shell/outcome.h"
#include "ftrain/train/epochs.h"
#include "ftrain/train/options.h"
#include "ftrain/train/sweep_grid.h"
#include "head/training.h"

#include <jansson.h>

typedef struct sweep sweep;

/* A run that ended, as it is ranked. */
typedef struct ranked_run {
    int index;     /* in the order of the list */
    bool diverged; /* then it has no rank and no result */
    int rank;      /* from 1; ties share that of the first of them */
    bool is_tied;
    dn_train_result result;
} ranked_run;

/* Reads "lr=0.001/0.003 hidden=512,256/none" and tries every combination on a copy of `base`, which must
 * outlive the sweep, so that a value out of range is reported before the work. Returns OUTCOME_OK or,
 * after a message, another outcome with *out NULL. */
outcome sweep_create(sweep **out, const train_options *base);
void sweep_free(sweep *self);

/* What all runs are trained on. */
typedef struct sweep_data {
    const dn_feature_rows *train, *valid;
    int width, classes;
    const dn_head *start; /* what each begins with; NULL: a new head */
} sweep_data;

/* Runs them all, several at a time where BLAS allows it, and ranks those that ended by validation loss; when
 * interrupted, those are fewer. Returns OUTCOME_OK or, after a message, another outcome. */
outcome sweep_run(sweep *self, const sweep_data *data, dni_pool *pool);

/* What the run with the lowest validation loss leaves; of several such runs, the first in the order of the
 * list. */
typedef struct sweep_winner {
    const train_options *options; /* the sweep's */
    dn_head *head;                /* from here on the caller's, and the epochs, too */
    epoch_log epochs;
    dn_train_result result;
} sweep_winner;

/* After sweep_run(). Returns OUTCOME_OK or, after a message, another outcome: the sweep was interrupted,
 * or every run diverged. */
outcome sweep_take_winner(sweep *self, sweep_winner *out);

/* What was tried, and how it came out: the runs that ended, by validation loss; those that diverged are
 * last. */
const sweep_grid *sweep_get_grid(const sweep *self);
const ranked_run *sweep_ranking(const sweep *self, int *count);
/* {"list": ..., "runs": N}, for the recipe. */
json_t *sweep_json(const sweep *self);

#endif
