/* SPDX-License-Identifier: MIT */
/* Training that can be interrupted, or killed, and resumed. */
#ifndef FTRAIN_TRAIN_CHECKPOINT_H
#define FTRAIN_TRAIN_CHECKPOINT_H

#include "ftrain/shell/outcome.h"
#include "head/training.h"

#include <stdbool.h>

typedef struct checkpoint {
    const char *path;
    /* true: it was asked for: saved after every epoch, and kept; false: saved at most every 10 seconds and
     * when interrupted, and removed in the end */
    bool every_epoch;
    bool resume;
    const char *provenance; /* JSON object: what the features were made from */
    bool is_there;          /* whether the file was read or written */
} checkpoint;

/* Trains as dn_head_train_from_rows() does. When interrupted, it saves the state, and a message says how to
 * resume. Returns OUTCOME_OK or, after a message, another outcome. */
outcome checkpoint_train(checkpoint *keep, dn_head *head, const dn_feature_rows *train,
                         const dn_feature_rows *valid, const dn_train_options *options,
                         dn_train_result *result);

/* Once the model is written: removes the file, unless it was asked for. A training can be made longer from
 * it. */
void checkpoint_discard(const checkpoint *keep);

#endif
