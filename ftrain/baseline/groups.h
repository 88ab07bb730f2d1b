/* SPDX-License-Identifier: MIT */
/* The groups of rows that --only names. */
#ifndef FTRAIN_BASELINE_GROUPS_H
#define FTRAIN_BASELINE_GROUPS_H

#include "ftrain/baseline/run.h"
#include "ftrain/shell/outcome.h"

#include <stdbool.h>

/* Whether a row that is wanted needs the network's features. */
bool baseline_needs_features(const baseline_run *run);

/* Adds the rows of all groups that are wanted, and that of the model. Returns OUTCOME_OK or, after a
 * message, another outcome. */
outcome baseline_add_rows(baseline_run *run);

#endif
