/* Where results go: files that are checked before the work, and lines of JSON. */
#ifndef FTRAIN_SHELL_OUTPUT_H
#define FTRAIN_SHELL_OUTPUT_H

#include "ftrain/shell/outcome.h"

#include <jansson.h>
#include <stdbool.h>

/* Finds out before the work whether a file can be written there. Returns OUTCOME_OK or, after a message,
 * why not. */
outcome check_output(const char *path);

/* Prints "wrote PATH". */
void print_wrote(const char *path);

/* Prints the value as one line of JSON on standard output and releases it. Returns false, after a message,
 * when memory runs out. */
bool print_json(json_t *value);

#endif
