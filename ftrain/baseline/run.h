/* SPDX-License-Identifier: MIT */
/* One run of `ftrain baseline` as data: baseline.c fills it in, baseline_print.c prints it,
 * baseline_report.c makes a page of it. */
#ifndef FTRAIN_BASELINE_RUN_H
#define FTRAIN_BASELINE_RUN_H

#include "ftrain/baseline/rows.h"
#include "ftrain/features/extraction.h"
#include "ftrain/shell/columns.h"
#include "ftrain/shell/outcome.h"
#include "head/classifier/classifier.h"

enum { MAX_ROWS = 16 };

/* Groups of rows, as --only names them. */
typedef enum baseline_group { DUMMY, METADATA, SVM_PIXELS, LOGISTIC, SVM_FEATURES, GROUPS } baseline_group;

typedef struct baseline_run {
    extraction_options extraction_options;
    const char *only, *model, *report; /* NULL: not given */
    int max_pictures;
    bool json;

    bool wanted[GROUPS];
    extraction extraction;
    feature_set sets[DNI_SPLITS];
    dn_classifier *classifier;
    int *counts[DNI_SPLITS]; /* pictures of each class in each split */
    baseline_row rows[MAX_ROWS];
    int row_count;
} baseline_run;

/* The rows as a table; they stay the run's. */
row_table baseline_rows(const baseline_run *run);
/* The name of the row that others are compared with in pairs; NULL: none is compared. */
const char *baseline_reference(const baseline_run *run);
/* Returns OUTCOME_OK or, after a message, another outcome. */
outcome baseline_print(const baseline_run *run);
/* Writes run->report. Likewise. */
outcome baseline_report(const baseline_run *run);

#endif
