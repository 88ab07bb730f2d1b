/* SPDX-License-Identifier: MIT */
/* Data sets as the program reads them: what cannot be used is named. */
#ifndef FTRAIN_SHELL_DATA_H
#define FTRAIN_SHELL_DATA_H

#include "ftrain/shell/outcome.h"
#include "io/dataset.h"

/* dni_dataset_scan() and dni_samples_scan(), with everything that was left out named on stderr and added
 * to *skipped; with `strict` the first of these ends the run. Return OUTCOME_OK or, after a message,
 * another outcome, *out then being empty. */
outcome dataset_scan(dni_dataset *out, const char *folder, bool strict, size_t *skipped);
outcome samples_scan(dni_samples *out, const char *folder, const char *const *classes, int class_count,
                     bool strict, size_t *skipped);

/* The second half of these: names what is left out of samples that were scanned. */
outcome samples_tell_left_out(const dni_samples *samples, bool strict, size_t *skipped);

#endif
