/* SPDX-License-Identifier: MIT */
/* Where results go: files that are checked before the work, and lines of JSON. */
#ifndef FTRAIN_SHELL_OUTPUT_H
#define FTRAIN_SHELL_OUTPUT_H

#include "ftrain/shell/outcome.h"

#include <jansson.h>
#include <stdbool.h>

/* Finds out before the work whether a file can be written there. Returns OUTCOME_OK or, after a message,
 * why not. */
outcome check_output(const char *path);

/* A file, and the option or argument of the command line that names it. */
typedef struct named_file {
    const char *option;
    const char *path; /* NULL: it is not given */
} named_file;

/* Refuses outputs that would take the place of an input or of one another, whatever names lead there. Returns
 * OUTCOME_OK or, after a message, OUTCOME_USAGE. */
outcome check_outputs_apart(const named_file *outputs, int output_count, const named_file *inputs,
                            int input_count);

/* Prints "wrote PATH". */
void print_wrote(const char *path);

/* Prints the value as one line of JSON on standard output and releases it. Returns false, after a message,
 * when memory runs out. */
bool print_json(json_t *value);

#endif
