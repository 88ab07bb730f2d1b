/* SPDX-License-Identifier: MIT */
/* What the sets of --coverage are worth on the evaluated pictures: how often they hold the true class, and
 * how large they are. */
#ifndef FTRAIN_EVALUATE_SET_METRICS_H
#define FTRAIN_EVALUATE_SET_METRICS_H

#include "ftrain/features/class_sets.h"
#include "ftrain/features/scorer.h"
#include "ftrain/shell/columns.h"
#include "ftrain/shell/outcome.h"

/* Of all pictures, or of those of one class. What is not defined is NaN. */
typedef struct set_row {
    const char *name; /* of the class; NULL: of all */
    int count;
    int held;                                     /* pictures whose set holds the true class */
    double coverage, coverage_low, coverage_high; /* held / count, with Wilson's 95 % interval */
    double mean_size;
    int empty, several; /* sets of no class, of more than one */
    double classes;     /* in all sets together */
} set_row;

typedef struct set_metrics {
    set_row all;
    set_row *classes; /* (classes); NULL: no sets are asked for */
} set_metrics;

/* With sets that have no thresholds: nothing. Returns OUTCOME_OK or, after a message, another outcome; either
 * way set_metrics_free() is to follow. */
outcome set_metrics_compute(set_metrics *out, const class_sets *sets, const scores *from,
                            const dn_classifier_info *info);
void set_metrics_free(set_metrics *metrics);

row_table set_table(const set_row *first, int count);

/* "sets at coverage 0.9, calibrated on 40 pictures of valid that chose the epoch, too" */
void set_metrics_title(char *text, size_t size, const class_sets *sets);
/* "coverage", "coverage_low", ... of all, and "classes" of each; NULL without memory. */
json_t *set_metrics_json(const set_metrics *metrics, const class_sets *sets, int classes);

#endif
