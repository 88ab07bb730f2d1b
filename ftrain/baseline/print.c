/* The table of the baselines, printed. */
#include "ftrain/baseline/run.h"
#include "ftrain/shell/outcome.h"
#include "ftrain/shell/output.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const char *number_text(double value, char text[16]) {
    if (isnan(value))
        strcpy(text, "-");
    else
        snprintf(text, 16, "%.4f", value);
    return text;
}

static json_t *number_json(double value) {
    return isfinite(value) ? json_real(value) : json_null();
}

static void print_table(const baseline_run *run) {
    printf("%-32s %-8s  %8s  %-16s  %8s  %7s  %7s  %7s\n", "baseline", "chosen", "accuracy", "95 % interval",
           "balanced", "AUC", "loss", "seconds");
    for (int i = 0; i < run->row_count; i++) {
        const baseline_row *row = &run->rows[i];
        char interval[24] = "expected", balanced[16], auc[16], loss[16];
        if (!isnan(row->accuracy_low))
            snprintf(interval, sizeof interval, "%.4f to %.4f", row->accuracy_low, row->accuracy_high);
        printf("%-32s %-8s  %8.4f  %-16s  %8s  %7s  %7s  %7.2f\n", row->name, row->choice, row->accuracy,
               interval, number_text(row->balanced_accuracy, balanced), number_text(row->roc_auc, auc),
               number_text(row->loss, loss), row->seconds);
    }
}

static bool print_rows_as_json(const baseline_run *run) {
    for (int i = 0; i < run->row_count; i++) {
        const baseline_row *row = &run->rows[i];
        if (!print_json(json_pack(
                "{s:s, s:s, s:f, s:o, s:o, s:i, s:i, s:o, s:o, s:o, s:f}", "baseline", row->name, "chosen",
                row->choice, "accuracy", row->accuracy, "accuracy_low", number_json(row->accuracy_low),
                "accuracy_high", number_json(row->accuracy_high), "correct", row->correct, "count",
                row->count, "balanced_accuracy", number_json(row->balanced_accuracy), "roc_auc",
                number_json(row->roc_auc), "loss", number_json(row->loss), "seconds", row->seconds)))
            return false;
    }
    return true;
}

outcome baseline_print(const baseline_run *run) {
    if (!run->json)
        print_table(run);
    else if (!print_rows_as_json(run))
        return OUTCOME_MACHINE;
    return OUTCOME_OK;
}
