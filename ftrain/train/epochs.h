/* SPDX-License-Identifier: MIT */
/* The epochs of one training, kept as they come. */
#ifndef FTRAIN_TRAIN_EPOCHS_H
#define FTRAIN_TRAIN_EPOCHS_H

#include "head/training.h"

#include <stdbool.h>

typedef struct epoch_log {
    dn_epoch *epochs; /* those run here: a training that is resumed begins later than at 1; one that goes on
                       * from a model with that, as 0 */
    int count, capacity;
} epoch_log;

/* Room for all of a training's epochs; false without memory. */
bool epoch_log_create(epoch_log *out, int epochs);
void epoch_log_add(epoch_log *to, const dn_epoch *epoch);
void epoch_log_free(epoch_log *log);

#endif
