/* SPDX-License-Identifier: MIT */
/* How well a model tells the evaluated pictures from those of another folder, which are not of its kind. */
#ifndef FTRAIN_EVALUATE_STRANGERS_H
#define FTRAIN_EVALUATE_STRANGERS_H

#include "ftrain/features/scorer.h"
#include "ftrain/shell/outcome.h"

typedef struct strangers {
    const char *folder; /* NULL: none was given */
    int count;          /* pictures in it that could be used */
    int unfamiliar;     /* of them, at the line or beyond it */
    double roc_auc;     /* of the score: strangers against the evaluated pictures */
} strangers;

/* Scores all pictures in the folder and in its folders. The scores of `evaluated` must know unfamiliarity.
 * Pictures that cannot be used are named and added to *skipped; with `strict` the first one ends the run.
 * Returns OUTCOME_OK or, after a message, another outcome. */
outcome strangers_run(strangers *out, scorer *with, const char *folder, const scores *evaluated, bool strict,
                      size_t *skipped);

#endif
