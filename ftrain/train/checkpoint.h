/* Training that can be interrupted, or killed, and resumed. */
#ifndef FTRAIN_TRAIN_CHECKPOINT_H
#define FTRAIN_TRAIN_CHECKPOINT_H

#include "ftrain/shell/outcome.h"
#include "head/training.h"

#include <stdbool.h>

typedef struct checkpoint {
    const char *path;
    /* true: save after every epoch; false: at most every 10 seconds, and when interrupted */
    bool every_epoch;
    bool resume;
    const char *provenance; /* JSON object: what the features were made from */
    bool is_there;          /* whether the file was read or written */
} checkpoint;

/* Trains as dn_head_train() does. When interrupted, it saves the state, and a message says how to resume.
 * Returns OUTCOME_OK or, after a message, another outcome. */
outcome checkpoint_train(checkpoint *keep, dn_head *head, const dn_features *train, const dn_features *valid,
                         const dn_train_options *options, dn_train_result *result);

/* Removes the file, once the model is written and it is no longer needed. */
void checkpoint_discard(const checkpoint *keep);

#endif
