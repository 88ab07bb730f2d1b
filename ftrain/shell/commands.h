/* SPDX-License-Identifier: MIT */
/* The commands of ftrain: one file each, one table. */
#ifndef FTRAIN_SHELL_COMMANDS_H
#define FTRAIN_SHELL_COMMANDS_H

#include "ftrain/shell/options.h"
#include "ftrain/shell/outcome.h"

#include <stdbool.h>

struct command {
    const char *name;
    const char *arguments;       /* what follows the name in the usage line */
    const char *summary;         /* one line */
    const char *description;     /* what --help teaches, with an example; ends in a newline */
    const option_table *options; /* NULL: none */
    int min_paths, max_paths;    /* how many arguments that are no options it takes */
    bool has_helpers;            /* it divides its work among the processes that mpirun starts */
    /* argv[0] is the command's name; returns how it ended. */
    outcome (*run)(const struct command *self, int argc, char **argv);
};

extern const command collect_command, split_command, prepare_command, audit_command, review_command,
    train_command, evaluate_command, predict_command, explain_command, baseline_command, extract_command,
    convert_command, export_command, import_command, serve_command, weights_command, info_command;

#endif
