/* Training that can be interrupted, or killed, and gone on with. */
#ifndef FTRAIN_TRAIN_CHECKPOINT_H
#define FTRAIN_TRAIN_CHECKPOINT_H

#include "ftrain/shell/outcome.h"
#include "head/training.h"

#include <stdbool.h>

typedef struct checkpoint {
    const char *path;
    /* Write it after each epoch; else where the last was some seconds ago, and when interrupted. */
    bool every_epoch;
    bool resume;
    const char *provenance; /* JSON object: what the features were made from */
    bool is_there;          /* set once the file was read or written */
} checkpoint;

/* As dn_head_train(). When interrupted, what was reached is kept and a message says how to go on. Returns OUTCOME_OK
 * or, after a message, another outcome. */
outcome checkpoint_train(checkpoint *keep, dn_head *head, const dn_features *train, const dn_features *valid,
                         const dn_train_options *options, dn_train_result *result);

/* Once the model is written. */
void checkpoint_discard(const checkpoint *keep);

#endif
