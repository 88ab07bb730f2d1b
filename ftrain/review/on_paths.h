/* SPDX-License-Identifier: MIT */
/* Decisions without a browser: on the pictures that the command line names, and the list of all. */
#ifndef FTRAIN_REVIEW_ON_PATHS_H
#define FTRAIN_REVIEW_ON_PATHS_H

#include "ftrain/review/review_set.h"

/* Decides on the pictures that the paths name: files, or folders, which stand for all pictures in them, by
 * the working directory or inside the set; "-" is a list of them on standard input. All or nothing: where a
 * path is none of the set's nothing is written. Prints what was done. Returns OUTCOME_OK or, after a message,
 * another outcome. */
outcome review_decide_on_paths(review_set *self, const verdict *made, char **paths, int count, bool json);

/* Prints the decisions that count. Likewise. */
outcome review_list(const review_set *self, bool json);

#endif
