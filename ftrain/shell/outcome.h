/* SPDX-License-Identifier: MIT */
/* How a step of the program ended. Chains of steps read: if (!code) code = step(); */
#ifndef FTRAIN_SHELL_OUTCOME_H
#define FTRAIN_SHELL_OUTCOME_H

#include "core/status.h"

#include <stdbool.h>
#include <stddef.h>

/* The values are ftrain's exit statuses, which are stable; a message was printed for each that tells of a
 * failure. */
DN_EXTENSION typedef enum DN_MUST_CHECK outcome {
    OUTCOME_FINISHED =
        -1, /* what was asked for is done already (--help was printed): stop, with exit status 0 */
    OUTCOME_OK = 0,
    OUTCOME_SKIPPED = 1, /* done, but some inputs were left out, and each was named */
    OUTCOME_USAGE = 2,
    OUTCOME_DATA = 3,
    OUTCOME_MODEL = 4,     /* a model, weights or feature file */
    OUTCOME_MACHINE = 5,   /* memory, disk, permission */
    OUTCOME_FOUND = 10,    /* --exit-status: predict found a picture of another class, audit an alarm */
    OUTCOME_UNJUDGED = 11, /* audit --exit-status: too few pictures to say whether there is an alarm */
    OUTCOME_INTERRUPTED = 130,
} outcome;

/* Prints the error's message and returns the outcome that goes with its status. `not_found` is the outcome
 * for a file that is missing: OUTCOME_DATA or OUTCOME_MODEL, by what the file was to be. */
outcome report(const dn_error *error, outcome not_found);
outcome report_no_memory(void);

/* What becomes of an input that could not be used. Where the machine failed (memory, descriptors, disk)
 * nothing is known about the input, and the run ends: OUTCOME_MACHINE. With `strict` it ends, too:
 * OUTCOME_DATA. Else the input is named and counted, and the run goes on without it: OUTCOME_OK. */
outcome skip_input(const dn_error *error, bool strict, size_t *skipped);

/* How a command ends that did its work but for `skipped` inputs. */
outcome finish(size_t skipped);

#endif
