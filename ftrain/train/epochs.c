/* SPDX-License-Identifier: MIT */
/* An array that is made once, large enough for all epochs. */
#include "ftrain/train/epochs.h"

#include <stdlib.h>

bool epoch_log_create(epoch_log *out, int epochs) {
    *out = (epoch_log){.epochs = calloc((size_t)epochs, sizeof *out->epochs), .capacity = epochs};
    return out->epochs != NULL;
}

void epoch_log_add(epoch_log *to, const dn_epoch *epoch) {
    if (to->count < to->capacity) to->epochs[to->count++] = *epoch;
}

void epoch_log_free(epoch_log *log) {
    free(log->epochs);
    *log = (epoch_log){.count = 0};
}
