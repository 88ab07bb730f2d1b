/* SPDX-License-Identifier: MIT */
/* The tables of an evaluation: by perturbation or threshold; by class they are features/class_table.h's. */
#ifndef FTRAIN_EVALUATE_TABLES_H
#define FTRAIN_EVALUATE_TABLES_H

#include "ftrain/evaluate/evaluation.h"
#include "ftrain/features/class_table.h"
#include "ftrain/shell/columns.h"
#include "ftrain/shell/guessing.h"
#include "ftrain/shell/outcome.h"

/* ---- a row for each way of looking at the same pictures ---- */

/* With more classes than this the table has no column for the recall of each. */
enum { MAX_RECALLS = 4 };

typedef struct scored_row {
    const char *name;
    dn_metrics overall;
    double accuracy; /* NaN without pictures */
    double balanced_accuracy, roc_auc;
    dni_versus_largest versus_largest;
    double p_guessing; /* its p-value; NaN without pictures */
    double change;     /* of accuracy; NaN: nothing to compare with */
    double recalls[MAX_RECALLS];
    const evaluation *from;
    const dn_class_metrics *classes;
} scored_row;

scored_row scored_row_make(const evaluation *result, const char *name, const score_metrics *metrics);

/* The table's columns, which depend on the classes. */
typedef struct scored_columns {
    table_column columns[16 + MAX_RECALLS];
    int count;
    char titles[MAX_RECALLS][64];
} scored_columns;

void scored_columns_make(scored_columns *out, const evaluation *result, bool for_robustness);
row_table scored_table(const scored_columns *columns, const scored_row *first, int count);
/* "accuracy", "correct", "count", ..., as they stand in every JSON object of an evaluation. */
json_t *scored_json(const scored_row *row);

/* A row for each class, in the order of the model's: as class_rows_make(). */
outcome evaluation_class_rows(class_row **out, const evaluation *result);

/* Of all evaluated pictures, and of those without the model's own. */
void without_own_rows_make(scored_row out[2], const evaluation *result);

/* What an accuracy of the result is worth beside guessing. */
guessing_sentence evaluation_guessing(const evaluation *result, const score_metrics *metrics);

/* Rows of the plain pictures and, behind them, of each perturbation: 1 + result->row_count, from malloc.
 * Returns OUTCOME_OK or, after a message, another outcome. */
outcome robustness_rows_make(scored_row **out, const evaluation *result);

/* ---- probabilities, as they are and at the fitted temperature ---- */

typedef struct probability_row {
    const char *name;
    double loss, brier, calibration_error;
} probability_row;

row_table probability_table(const probability_row *first, int count);
probability_row probability_row_plain(const evaluation *result);
probability_row probability_row_scaled(const evaluation *result);

#endif
