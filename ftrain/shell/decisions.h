/* SPDX-License-Identifier: MIT */
/* Heeding the decisions on a data set's pictures (io/decisions.h), in every command that reads one. */
#ifndef FTRAIN_SHELL_DECISIONS_H
#define FTRAIN_SHELL_DECISIONS_H

#include "ftrain/shell/options.h"
#include "ftrain/shell/outcome.h"
#include "io/dataset.h"

#include <jansson.h>
#include <stdbool.h>

typedef struct decision_options {
    const char *file; /* NULL: DATA/decisions.tsv, where there is one */
    bool ignore;      /* no file is heeded */
} decision_options;

/* The rows that fill a decision_options. */
extern const option_table decision_option_table;

/* What came of them. */
typedef struct heeded_decisions {
    bool is_present; /* whether a file was heeded */
    char hash[33];   /* of the file */
    size_t excluded, moved;
} heeded_decisions;

/* The file of decisions on the set `data`, from malloc; NULL, after a message, without memory. */
char *decisions_path(const decision_options *options, const char *data);

/* Leaves out and moves samples of `data`, all parts together, and tells on stderr how many, and which
 * decisions no longer apply. Returns OUTCOME_OK or, after a message, another outcome; the samples are then
 * as they were. */
outcome decisions_heed(heeded_decisions *out, const decision_options *options, const char *data,
                       dni_samples *const *parts, size_t part_count, const char *const *classes,
                       int class_count);

/* The same of all splits of a data set. */
outcome decisions_heed_dataset(heeded_decisions *out, const decision_options *options, const char *data,
                               dni_dataset *dataset);

/* {"xxh3": "...", "left_out": 3, "moved": 1}, or null where no file was heeded. */
json_t *decisions_json(const heeded_decisions *heeded);

#endif
