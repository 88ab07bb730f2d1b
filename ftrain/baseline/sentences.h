/* SPDX-License-Identifier: MIT */
/* What the table says in plain sentences, of the row that the others are compared with. */
#ifndef FTRAIN_BASELINE_SENTENCES_H
#define FTRAIN_BASELINE_SENTENCES_H

#include "ftrain/baseline/run.h"
#include "ftrain/shell/guessing.h"

/* The row that others are compared with: the model, or the best one; NULL: none is compared. */
const baseline_row *sentences_subject(const baseline_run *run);

/* The subject beside always guessing the largest class of its pictures. */
guessing_sentence sentences_guessing(const baseline_run *run, const baseline_row *subject);

/* The subject beside the most accurate of the rows that learn from cues alone, on the same pictures; without
 * a full stop. Empty where there is no such row. */
void sentences_cues(char *text, size_t size, const baseline_run *run, const baseline_row *subject);

#endif
