/* SPDX-License-Identifier: MIT */
/* Cutting the list, and counting through its combinations. */
#include "ftrain/train/sweep_grid.h"

#include "ftrain/shell/message.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_RUNS = 10000 };

static const char *const options_swept[] = {"hidden",   "dropout",      "lr",     "optimizer",
                                            "momentum", "weight-decay", "batch",  "label-smoothing",
                                            "schedule", "warmup",       "epochs", "class-weights"};

static bool is_swept(const char *name) {
    for (size_t i = 0; i < sizeof options_swept / sizeof *options_swept; i++)
        if (strcmp(name, options_swept[i]) == 0) return true;
    return false;
}

/* "lr=0.001/0.003", which is cut up. */
static outcome parse_axis(sweep_grid *grid, char *text, const train_options *base) {
    char *values = strchr(text, '=');
    if (values) *values++ = '\0';
    if (!values || !is_swept(text)) {
        message(
            "--sweep: '%s' is not one of hidden, dropout, lr, optimizer, momentum, weight-decay, batch, "
            "label-smoothing, schedule, warmup, epochs, class-weights, with =VALUE/VALUE...",
            text);
        return OUTCOME_USAGE;
    }
    if (base->from && strcmp(text, "hidden") == 0) {
        message("--sweep: 'hidden' is the model's with --from, and cannot be changed");
        return OUTCOME_USAGE;
    }
    for (int a = 0; a < grid->axis_count; a++)
        if (strcmp(grid->axes[a].name, text) == 0) {
            message("--sweep: '%s' is there twice", text);
            return OUTCOME_USAGE;
        }
    if (grid->axis_count == MAX_SWEEP_AXES) {
        message("--sweep: more than %d options, at '%s'", MAX_SWEEP_AXES, text);
        return OUTCOME_USAGE;
    }
    sweep_axis *to = &grid->axes[grid->axis_count++];
    to->name = text;
    for (char *value = values; value; value = values) {
        values = strchr(value, '/');
        if (values) *values++ = '\0';
        if (to->count == MAX_SWEEP_VALUES) {
            message("--sweep: more than %d values of '%s'", MAX_SWEEP_VALUES, text);
            return OUTCOME_USAGE;
        }
        to->values[to->count++] = value;
    }
    return OUTCOME_OK;
}

static outcome parse_list(sweep_grid *grid, const char *list, const train_options *base) {
    char *rest = NULL;
    grid->run_count = 1;
    for (char *text = strtok_r(grid->text, " \t\n", &rest); text; text = strtok_r(NULL, " \t\n", &rest)) {
        const outcome code = parse_axis(grid, text, base);
        if (code) return code;
        grid->run_count *= grid->axes[grid->axis_count - 1].count;
        if (grid->run_count > MAX_RUNS) {
            message("--sweep: more than %d combinations", MAX_RUNS);
            return OUTCOME_USAGE;
        }
    }
    if (grid->axis_count) return OUTCOME_OK;
    message("--sweep: '%s' names no option", list);
    return OUTCOME_USAGE;
}

const char *sweep_grid_value(const sweep_grid *grid, int run, int axis) {
    for (int later = grid->axis_count - 1; later > axis; later--) run /= grid->axes[later].count;
    return grid->axes[axis].values[run % grid->axes[axis].count];
}

outcome sweep_grid_options(const sweep_grid *grid, int run, const train_options *base, train_options *out) {
    *out = *base;
    outcome code = OUTCOME_OK;
    for (int a = 0; !code && a < grid->axis_count; a++)
        code = train_options_set(out, grid->axes[a].name, sweep_grid_value(grid, run, a));
    return code;
}

outcome sweep_grid_parse(sweep_grid *out, const char *list, const train_options *base) {
    *out = (sweep_grid){.text = strdup(list)};
    outcome code = out->text ? parse_list(out, list, base) : report_no_memory();
    train_options trial;
    for (int run = 0; !code && run < out->run_count; run++) code = sweep_grid_options(out, run, base, &trial);
    return code;
}

void sweep_grid_free(sweep_grid *grid) {
    free(grid->text);
}
