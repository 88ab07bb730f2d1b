/* SPDX-License-Identifier: MIT */
/* Learning-rate schedules: the rate of each epoch.
 *
 * With epoch e counted from 1 and k = e - warmup - 1 from the end of the warm-up, rate r and T = epochs -
 * warmup:
 *
 *     warm-up   r e / (warmup + 1)             torch's LinearLR from 1 / (warmup + 1)
 *     step      r factor^floor(k / epochs)     StepLR
 *     cosine    floor + (r - floor) (1 + cos(pi k / T)) / 2        CosineAnnealingLR
 *     plateau   r factor^n, at least floor; n: how often `epochs` epochs passed without a lower valid loss
 *               (ReduceLROnPlateau with threshold 0 and a patience of epochs - 1) */
#ifndef DN_HEAD_SCHEDULE_H
#define DN_HEAD_SCHEDULE_H

#include "head/training.h"

#include <stdbool.h>

/* What a schedule remembers from epoch to epoch; zeros at the start. */
typedef struct dni_schedule_state {
    int reductions; /* plateau: n above */
    int waited;     /* plateau: epochs since the last reduction, the lowest loss or the warm-up */
} dni_schedule_state;

double dni_schedule_rate(const dn_train_options *options, const dni_schedule_state *state, int epoch);

/* Tells the schedule how an epoch ended. */
void dni_schedule_advance(dni_schedule_state *state, const dn_train_options *options, int epoch,
                          bool is_best);

#endif
