/* SPDX-License-Identifier: MIT */
/* The inside of a training under way. */
#ifndef DN_HEAD_TRAINER_H
#define DN_HEAD_TRAINER_H

#include "head/training.h"
#include "head/feature_rows.h"
#include "head/mlp.h"
#include "head/optimizer.h"
#include "head/schedule.h"
#include "layers/loss.h"

/* Where a training stands between two epochs. Together with the head's and the optimizer's numbers and the
 * best weights this is all that the next epoch depends on: what is random in epoch e comes from streams
 * named by seed + e, so the number of epochs run is the position of every random number generator as well. */
typedef struct dni_progress {
    dn_train_result result; /* so far; result.epochs: the epochs run */
    dni_schedule_state schedule;
} dni_progress;

struct dn_trainer {
    dn_train_options options;
    dn_feature_rows train, valid;
    dni_feature_array train_array, valid_array; /* what they are read from, unless the caller reads them */
    dni_key train_hash, valid_hash;             /* of all their vectors */
    dn_head *head;                              /* the copy that is trained */
    dni_optimizer optimizer;
    float *best;         /* (parameters): the best epoch's */
    bool starts_trained; /* until an epoch is better, the best are those it began with: epoch 0's */
    dni_progress progress;

    dni_cross_entropy loss;
    float *balance; /* (classes): the weights of `balanced`, or NULL */

    dni_mlp_batch batch;
    float *gradient;                /* (parameters) */
    uint32_t *order;                /* (train.count) */
    size_t *vectors;                /* (batch): which ones are read */
    int *labels;                    /* (batch) */
    float *valid_log_probabilities; /* (valid.count, classes) */
};

/* The views that training may draw. */
int dni_trainer_views(const dn_trainer *t);

/* What a trained head reaches as it is: an epoch has to do better to take its place. A head whose losses are
 * not finite on these pictures has nothing to lose. */
dn_status dni_trainer_measure_start(dn_trainer *t, dn_error *error);

#endif
