/* SPDX-License-Identifier: MIT */
/* The page of train --report. */
#ifndef FTRAIN_TRAIN_REPORT_H
#define FTRAIN_TRAIN_REPORT_H

#include "ftrain/shell/outcome.h"
#include "ftrain/train/run.h"

/* Writes options->report, of a model that was made or of folds. Returns OUTCOME_OK or, after a message,
 * another outcome. */
outcome train_report(const train_run *run);

#endif
