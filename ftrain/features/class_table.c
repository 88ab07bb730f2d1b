/* SPDX-License-Identifier: MIT */
/* The columns of the table, and its rows. */
#include "ftrain/features/class_table.h"

#include "ftrain/shell/new_array.h"

#include <math.h>

outcome class_rows_make(class_row **out, const char *const *names, const dn_class_metrics *metrics,
                        const double *roc_aucs, const double *average_precisions, int class_count) {
    class_row *all = *out = new_array((size_t)class_count, sizeof *all);
    if (!all) return OUTCOME_MACHINE;
    for (int c = 0; c < class_count; c++) {
        const dn_class_metrics *m = &metrics[c];
        all[c] = (class_row){.name = names[c],
                             .metrics = *m,
                             .recall_low = m->count ? m->recall_low : (double)NAN,
                             .recall_high = m->count ? m->recall_high : (double)NAN,
                             .roc_auc = roc_aucs[c],
                             .average_precision = average_precisions[c]};
    }
    return OUTCOME_OK;
}

row_table class_table(const class_row *first, int count) {
    static const table_column columns[] = {
        COLUMN("class", "class", CELL_TEXT, class_row, name),
        COLUMN("pictures", "count", CELL_INT, class_row, metrics.count),
        COLUMN(NULL, "predicted_count", CELL_INT, class_row, metrics.predicted),
        COLUMN("precision", "precision", CELL_NUMBER, class_row, metrics.precision),
        COLUMN("recall", "recall", CELL_NUMBER, class_row, metrics.recall),
        COLUMN("95 % from", NULL, CELL_NUMBER, class_row, recall_low),
        COLUMN("to", NULL, CELL_NUMBER, class_row, recall_high),
        COLUMN(NULL, "recall_low", CELL_NUMBER, class_row, metrics.recall_low),
        COLUMN(NULL, "recall_high", CELL_NUMBER, class_row, metrics.recall_high),
        COLUMN("F1", "f1", CELL_NUMBER, class_row, metrics.f1),
        COLUMN("ROC-AUC", "roc_auc", CELL_NUMBER, class_row, roc_auc),
        COLUMN("average precision", "average_precision", CELL_NUMBER, class_row, average_precision),
    };
    return (row_table)ROWS(columns, first, count);
}
