/* SPDX-License-Identifier: MIT */
/* A folder that appears whole or not at all: built beside its goal under a temporary name, and renamed. */
#ifndef FTRAIN_SHELL_WHOLE_FOLDER_H
#define FTRAIN_SHELL_WHOLE_FOLDER_H

#include "ftrain/shell/outcome.h"

#include <sys/types.h>

/* A folder under construction. */
typedef struct whole_folder {
    char *path; /* the temporary folder, ".ftrain-COMMAND-SLOT.tmp" in the folder that the goal is in */
    char *lock_path;
    int lock; /* an open file, locked as long as the folder is at work */
    dev_t device;
    ino_t inode; /* the temporary folder's */
} whole_folder;

/* All return OUTCOME_OK or, after a message, another outcome. */

/* Whether `goal` may be made: it is not there, or an empty folder. */
outcome whole_folder_check(const char *goal);

/* Makes the temporary folder. What runs of the same command that were killed left beside the goal is removed.
 * On failure there is nothing to end. */
outcome whole_folder_begin(whole_folder *out, const char *goal, const char *command);

/* Ends what was begun, `code` being the outcome of the work in it: brings all of it onto the disk and renames
 * it to `goal`, or removes it with all that it holds where the work failed. */
outcome whole_folder_end(whole_folder *folder, const char *goal, outcome code);

#endif
