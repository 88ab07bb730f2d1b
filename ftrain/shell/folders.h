/* SPDX-License-Identifier: MIT */
/* The user's folders. */
#ifndef FTRAIN_SHELL_FOLDERS_H
#define FTRAIN_SHELL_FOLDERS_H

#include "ftrain/shell/outcome.h"

/* Where ftrain keeps what it has computed, $XDG_CACHE_HOME/densenet or ~/.cache/densenet. *out is from
 * malloc. Returns OUTCOME_OK or, after a message, another outcome: memory is out, or the environment names
 * neither folder. The message says for what a folder is missing, and which option names another. */
outcome cache_folder(char **out, const char *what, const char *option);

/* Folders that may hold weights: ftrain's cache, then that of torch hub's checkpoints. One that the
 * environment does not name is NULL. Returns OUTCOME_OK or, after a message, OUTCOME_MACHINE where memory
 * is out; either way both are to be freed. */
enum { WEIGHTS_FOLDERS = 2 };
outcome weights_folders(char *out[WEIGHTS_FOLDERS]);

#endif
