/* SPDX-License-Identifier: MIT */
/* predict --sandbox: what can still be read in it. */
#ifndef FTRAIN_PREDICT_ENTER_SANDBOX_H
#define FTRAIN_PREDICT_ENTER_SANDBOX_H

#include "ftrain/shell/outcome.h"

/* From here on the process reads the command line's paths, the model and the weights, wherever links lead
 * that have these very names, and nothing else. `model`, `weights`: of the options, or NULL. Where a path is
 * -, the names on standard input can be any, and so all files can be read. Returns OUTCOME_OK or, after a
 * message, another outcome. */
outcome enter_sandbox(const char *model, const char *weights, char *const *paths, int count);

#endif
