/* SPDX-License-Identifier: MIT */
/* How good a model is class by class, as a table. */
#ifndef FTRAIN_FEATURES_CLASS_TABLE_H
#define FTRAIN_FEATURES_CLASS_TABLE_H

#include "ftrain/shell/columns.h"
#include "ftrain/shell/outcome.h"
#include "head/metrics.h"

typedef struct class_row {
    const char *name;
    dn_class_metrics metrics;
    double recall_low, recall_high; /* NaN without pictures */
    double roc_auc, average_precision;
} class_row;

/* All arrays are (class_count). Fills *out, an array from malloc, in their order. Returns OUTCOME_OK or,
 * after a message, another outcome. */
outcome class_rows_make(class_row **out, const char *const *names, const dn_class_metrics *metrics,
                        const double *roc_aucs, const double *average_precisions, int class_count);
row_table class_table(const class_row *first, int count);

#endif
