/* The table of the baselines, printed. */
#include "ftrain/baseline/run.h"

#include <math.h>
#include <stdio.h>

static void show_interval(char *text, size_t size, const void *value) {
    const baseline_row *row = value;
    if (isnan(row->accuracy_low))
        snprintf(text, size, "expected");
    else
        snprintf(text, size, "%.4f to %.4f", row->accuracy_low, row->accuracy_high);
}

static void show_correct(char *text, size_t size, const void *value) {
    const baseline_row *row = value;
    if (row->count)
        snprintf(text, size, "%d of %d", row->correct, row->count);
    else
        snprintf(text, size, "-");
}

row_table baseline_rows(const baseline_run *run) {
    static const table_column columns[] = {
        COLUMN("baseline", "baseline", CELL_CHARS, baseline_row, name),
        COLUMN("chosen", "chosen", CELL_CHARS, baseline_row, choice),
        COLUMN("accuracy", "accuracy", CELL_NUMBER, baseline_row, accuracy),
        ROW_COLUMN("95 % interval", NULL, .show = show_interval),
        COLUMN(NULL, "accuracy_low", CELL_NUMBER, baseline_row, accuracy_low),
        COLUMN(NULL, "accuracy_high", CELL_NUMBER, baseline_row, accuracy_high),
        ROW_COLUMN("correct", NULL, .show = show_correct, .page_only = true),
        COLUMN(NULL, "correct", CELL_INT, baseline_row, correct),
        COLUMN(NULL, "count", CELL_INT, baseline_row, count),
        COLUMN("balanced", "balanced_accuracy", CELL_NUMBER, baseline_row, balanced_accuracy),
        COLUMN("AUC", "roc_auc", CELL_NUMBER, baseline_row, roc_auc),
        COLUMN("loss", "loss", CELL_NUMBER, baseline_row, loss),
        COLUMN("seconds", "seconds", CELL_NUMBER, baseline_row, seconds, .format = "%.2f"),
    };
    return (row_table)ROWS(columns, run->rows, run->row_count);
}

outcome baseline_print(const baseline_run *run) {
    const row_table table = baseline_rows(run);
    return (run->json ? rows_print_json(&table) : rows_print(&table)) ? OUTCOME_OK : OUTCOME_MACHINE;
}
