/* SPDX-License-Identifier: MIT */
/* Which picture goes to which split: seeded, class by class in the same proportions, copies together. */
#ifndef FTRAIN_SPLIT_PLAN_H
#define FTRAIN_SPLIT_PLAN_H

#include "ftrain/shell/outcome.h"
#include "ftrain/split/pictures.h"

typedef struct split_wish {
    bool by_count;
    int counts[DNI_SPLITS];       /* pictures of each class */
    double fractions[DNI_SPLITS]; /* of each class; their sum is 1 */
    uint64_t seed;
    int distance; /* pictures that look alike within it stay together; -1: only those of the same bytes */
    bool strict;  /* a picture in two classes is an error; else left out of both, and counted as skipped */
} split_wish;

/* Sets every picture's group and split. Returns OUTCOME_OK or, after a message, another outcome. */
outcome split_plan(split_pictures *pictures, const split_wish *wish);

#endif
