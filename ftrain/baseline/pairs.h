/* SPDX-License-Identifier: MIT */
/* Rows compared in pairs: which of two classifiers was right on the same pictures. */
#ifndef FTRAIN_BASELINE_PAIRS_H
#define FTRAIN_BASELINE_PAIRS_H

#include "ftrain/baseline/rows.h"
#include "ftrain/shell/outcome.h"

/* The row that the others are compared with: the model's; else that with the highest accuracy, the first
 * of equal ones, of those that judged the most pictures. -1: no row says which pictures it got right. */
int pairs_reference(const baseline_row *rows, int count);

/* Fills in `pair` of all rows, by McNemar's exact test on the pictures that both rows judged. pictures:
 * all of the test split, which the rows' `samples` count. Returns OUTCOME_OK or, after a message,
 * another outcome. */
outcome pairs_compare(baseline_row *rows, int count, size_t pictures);

#endif
