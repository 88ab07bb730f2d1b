/* SPDX-License-Identifier: MIT */
/* The columns, and the rows that are put together for them. */
#include "ftrain/evaluate/tables.h"

#include "ftrain/shell/new_array.h"
#include "io/json.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- perturbations and thresholds ---- */

static json_t *recalls_json(const void *value) {
    const scored_row *row = value;
    json_t *recalls = json_object();
    for (int c = 0; c < row->from->info->class_count; c++) {
        const double recall = row->classes[c].recall;
        dni_json_set(&recalls, row->from->info->classes[c], dni_json_number(recall));
    }
    return recalls;
}

static json_t *versus_json(const void *value) {
    return guessing_json(value);
}

static const table_column name_column[] = {COLUMN("", NULL, CELL_TEXT, scored_row, name)};
static const table_column perturbation_columns[] = {
    COLUMN("perturbation", NULL, CELL_TEXT, scored_row, name),
    COLUMN("change", NULL, CELL_NUMBER, scored_row, change, .format = "%+.4f"),
};
static const table_column metrics_columns[] = {
    COLUMN("accuracy", "accuracy", CELL_NUMBER, scored_row, accuracy),
    COLUMN(NULL, "correct", CELL_INT, scored_row, overall.correct),
    COLUMN(NULL, "count", CELL_INT, scored_row, overall.count),
    COLUMN("95 % from", "accuracy_low", CELL_NUMBER, scored_row, overall.accuracy_low),
    COLUMN("to", "accuracy_high", CELL_NUMBER, scored_row, overall.accuracy_high),
    COLUMN("balanced", "balanced_accuracy", CELL_NUMBER, scored_row, balanced_accuracy),
    COLUMN("p (guessing)", NULL, CELL_NUMBER, scored_row, p_guessing, .show = show_p_value),
    COLUMN(NULL, "versus_largest_class", CELL_RECORD, scored_row, versus_largest, .json = versus_json),
};
static const table_column robustness_columns[] = {
    COLUMN(NULL, "perturbation", CELL_TEXT, scored_row, name),
    COLUMN(NULL, "change", CELL_NUMBER, scored_row, change),
    COLUMN(NULL, "loss", CELL_NUMBER, scored_row, overall.loss),
    COLUMN("ROC-AUC", "roc_auc", CELL_NUMBER, scored_row, roc_auc),
    ROW_COLUMN(NULL, "recall", .json = recalls_json),
};

scored_row scored_row_make(const evaluation *result, const char *name, const score_metrics *metrics) {
    scored_row row = {.name = name,
                      .overall = metrics->overall,
                      .accuracy = metrics->overall.count ? metrics->overall.accuracy : (double)NAN,
                      .balanced_accuracy = metrics->balanced_accuracy,
                      .roc_auc = (double)NAN,
                      .versus_largest = metrics->versus_largest,
                      .p_guessing = metrics->overall.count ? metrics->versus_largest.p_value : (double)NAN,
                      .change = (double)NAN,
                      .from = result,
                      .classes = metrics->classes};
    for (int c = 0; c < result->info->class_count && c < MAX_RECALLS; c++)
        row.recalls[c] = metrics->classes[c].recall;
    return row;
}

static void append(scored_columns *to, const table_column *columns, size_t count) {
    memcpy(to->columns + to->count, columns, count * sizeof *columns);
    to->count += (int)count;
}

void scored_columns_make(scored_columns *out, const evaluation *result, bool for_robustness) {
    const int classes = result->info->class_count;
    out->count = 0;
    if (for_robustness)
        append(out, perturbation_columns, sizeof perturbation_columns / sizeof *perturbation_columns);
    else
        append(out, name_column, 1);
    append(out, metrics_columns, sizeof metrics_columns / sizeof *metrics_columns);
    for (int c = 0; c < classes && classes <= MAX_RECALLS; c++) {
        snprintf(out->titles[c], sizeof out->titles[c], "recall of %.40s", result->info->classes[c]);
        table_column recall = COLUMN(out->titles[c], NULL, CELL_NUMBER, scored_row, recalls);
        recall.offset += (size_t)c * sizeof(double);
        append(out, &recall, 1);
    }
    if (for_robustness)
        append(out, robustness_columns, sizeof robustness_columns / sizeof *robustness_columns);
}

row_table scored_table(const scored_columns *columns, const scored_row *first, int count) {
    return (row_table){columns->columns, columns->count, first, sizeof *first, (size_t)count};
}

json_t *scored_json(const scored_row *row) {
    const row_table table = ROWS(metrics_columns, row, 1);
    return row_json(&table, 0);
}

void without_own_rows_make(scored_row out[2], const evaluation *result) {
    out[0] = scored_row_make(result, "all pictures", &result->metrics);
    out[1] = scored_row_make(result, "without the model's own", &result->without_own.metrics);
}

outcome evaluation_class_rows(class_row **out, const evaluation *result) {
    return class_rows_make(out, result->info->classes, result->metrics.classes, result->roc_aucs,
                           result->average_precisions, result->info->class_count);
}

guessing_sentence evaluation_guessing(const evaluation *result, const score_metrics *metrics) {
    const dni_versus_largest *versus = &metrics->versus_largest;
    return guessing_sentence_make(versus, result->info->classes[versus->largest], metrics->overall.correct,
                                  metrics->overall.count);
}

outcome robustness_rows_make(scored_row **out, const evaluation *result) {
    scored_row *all = *out = new_array(1 + (size_t)result->row_count, sizeof *all);
    if (!all) return OUTCOME_MACHINE;
    all[0] = scored_row_make(result, "plain", &result->metrics);
    all[0].roc_auc = result->roc_auc;
    for (int r = 0; r < result->row_count; r++) {
        const robustness_row *row = &result->rows[r];
        scored_row *made = &all[1 + r];
        *made = scored_row_make(result, row->name, &row->metrics);
        made->roc_auc = row->roc_auc;
        if (row->metrics.overall.count) made->change = row->change;
    }
    return OUTCOME_OK;
}

/* ---- probabilities ---- */

row_table probability_table(const probability_row *first, int count) {
    static const table_column columns[] = {
        COLUMN("", NULL, CELL_TEXT, probability_row, name),
        COLUMN("loss", "loss", CELL_NUMBER, probability_row, loss),
        COLUMN("Brier score", "brier", CELL_NUMBER, probability_row, brier),
        COLUMN("calibration error", "calibration_error", CELL_NUMBER, probability_row, calibration_error),
    };
    return (row_table)ROWS(columns, first, count);
}

probability_row probability_row_plain(const evaluation *result) {
    return (probability_row){"as it is", result->metrics.overall.loss, result->metrics.overall.brier,
                             result->reliability.error};
}

probability_row probability_row_scaled(const evaluation *result) {
    const recalibration *r = &result->recalibration;
    return (probability_row){"at that temperature", r->metrics.loss, r->metrics.brier, r->reliability.error};
}
