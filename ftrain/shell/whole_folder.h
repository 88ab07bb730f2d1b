/* SPDX-License-Identifier: MIT */
/* A folder that appears whole or not at all: built beside its goal under a temporary name, and renamed. */
#ifndef FTRAIN_SHELL_WHOLE_FOLDER_H
#define FTRAIN_SHELL_WHOLE_FOLDER_H

#include "ftrain/shell/outcome.h"

/* All return OUTCOME_OK or, after a message, another outcome. */

/* Whether `folder` may be made: it is not there, or an empty folder. */
outcome whole_folder_check(const char *folder);

/* Makes the temporary folder, ".ftrain-COMMAND-PID" in the folder that `folder` is in. *out is its path, from
 * malloc. What a killed run of the same command left there is named. */
outcome whole_folder_begin(char **out, const char *folder, const char *command);

/* Ends what was begun, `code` being the outcome of the work in it: renames the temporary folder to `folder`,
 * or removes it with all that it holds where the work failed. Frees `temporary`. */
outcome whole_folder_end(char *temporary, const char *folder, outcome code);

#endif
