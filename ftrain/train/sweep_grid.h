/* SPDX-License-Identifier: MIT */
/* The list of a sweep, "lr=0.001/0.003 hidden=512,256/none", and its combinations. */
#ifndef FTRAIN_TRAIN_SWEEP_GRID_H
#define FTRAIN_TRAIN_SWEEP_GRID_H

#include "ftrain/shell/outcome.h"
#include "ftrain/train/options.h"

enum { MAX_SWEEP_AXES = 8, MAX_SWEEP_VALUES = 64 };

typedef struct sweep_axis {
    const char *name; /* of the option: "lr" */
    const char *values[MAX_SWEEP_VALUES];
    int count;
} sweep_axis;

typedef struct sweep_grid {
    char *text; /* the list, cut into the axes' names and values */
    sweep_axis axes[MAX_SWEEP_AXES];
    int axis_count;
    int run_count; /* combinations */
} sweep_grid;

/* Reads the list, and tries every combination on a copy of `base`, so that a value out of range is
 * reported before the work begins. Returns OUTCOME_OK or, after a message, another outcome; either way
 * sweep_grid_free() is to follow. */
outcome sweep_grid_parse(sweep_grid *out, const char *list, const train_options *base);
void sweep_grid_free(sweep_grid *grid);

/* The value of an axis in a run; the last axis changes fastest. */
const char *sweep_grid_value(const sweep_grid *grid, int run, int axis);
/* The options of a run: those of `base`, and its values. Returns OUTCOME_OK or, after a message, another
 * outcome. */
outcome sweep_grid_options(const sweep_grid *grid, int run, const train_options *base, train_options *out);

#endif
