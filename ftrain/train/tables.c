/* SPDX-License-Identifier: MIT */
/* The columns, and the rows that are put together for them. */
#include "ftrain/train/tables.h"

#include "ftrain/shell/new_array.h"
#include "io/json.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- epochs ---- */

static void show_best(char *text, size_t size, const void *value) {
    snprintf(text, size, "%s", *(const bool *)value ? "best" : "");
}

/* With the digits of a float, which it is. */
static json_t *rate_json(const void *value) {
    return dni_json_float((float)*(const double *)value);
}

#define EPOCH_COLUMN COLUMN("epoch", "epoch", CELL_INT, dn_epoch, epoch)
#define EPOCH_RESULTS                                                                                        \
    COLUMN("train loss", "train_loss", CELL_NUMBER, dn_epoch, train_loss),                                   \
        COLUMN("valid loss", "valid_loss", CELL_NUMBER, dn_epoch, valid_loss),                               \
        COLUMN("valid accuracy", "valid_accuracy", CELL_NUMBER, dn_epoch, valid_accuracy),                   \
        COLUMN(NULL, "learning_rate", CELL_RECORD, dn_epoch, learning_rate, .json = rate_json),              \
        COLUMN("", "best", CELL_FLAG, dn_epoch, is_best, .show = show_best)

row_table epoch_table(const dn_epoch *first, int count, bool with_rate) {
    static const table_column plain[] = {EPOCH_COLUMN, EPOCH_RESULTS};
    static const table_column scheduled[] = {
        EPOCH_COLUMN,
        COLUMN("learning rate", NULL, CELL_NUMBER, dn_epoch, learning_rate, .format = "%.6g"),
        EPOCH_RESULTS,
    };
    return with_rate ? (row_table)ROWS(scheduled, first, count) : (row_table)ROWS(plain, first, count);
}

/* ---- sweeps ---- */

static void show_rank(char *text, size_t size, const void *value) {
    const ranked_run *run = value;
    if (run->diverged)
        snprintf(text, size, "diverged");
    else
        snprintf(text, size, "%d%s", run->rank, run->is_tied ? " tied" : "");
}

static json_t *rank_json(const void *value) {
    const ranked_run *run = value;
    return run->diverged ? json_null() : json_integer(run->rank);
}

static json_t *options_json(const void *value) {
    const sweep_row *row = value;
    json_t *options = json_object();
    for (int a = 0; a < row->grid->axis_count; a++)
        dni_json_set(&options, row->grid->axes[a].name, dni_json_text(row->values[a]));
    return options;
}

static const table_column rank_columns[] = {
    COLUMN("rank", "rank", CELL_RECORD, sweep_row, run, .show = show_rank, .json = rank_json),
    COLUMN(NULL, "tied", CELL_FLAG, sweep_row, run.is_tied),
    ROW_COLUMN(NULL, "options", .json = options_json),
};
static const table_column result_columns[] = {
    COLUMN(NULL, "epochs", CELL_INT, sweep_row, run.result.epochs),
    COLUMN("best epoch", "best_epoch", CELL_WHOLE, sweep_row, best_epoch),
    COLUMN("train loss", "train_loss", CELL_NUMBER, sweep_row, train_loss),
    COLUMN("valid loss", "valid_loss", CELL_NUMBER, sweep_row, valid_loss),
    COLUMN("valid accuracy", "valid_accuracy", CELL_NUMBER, sweep_row, valid_accuracy),
};
static const table_column diverged_columns[] = {
    COLUMN(NULL, "rank", CELL_RECORD, sweep_row, run, .json = rank_json),
    ROW_COLUMN(NULL, "options", .json = options_json),
    COLUMN(NULL, "diverged", CELL_FLAG, sweep_row, run.diverged),
};

static sweep_row sweep_row_make(const sweep_grid *grid, const ranked_run *run) {
    const dn_train_result *r = &run->result;
    sweep_row row = {.grid = grid, .run = *run};
    for (int a = 0; a < grid->axis_count; a++) row.values[a] = sweep_grid_value(grid, run->index, a);
    row.best_epoch = run->diverged ? (double)NAN : r->best_epoch;
    row.train_loss = run->diverged ? (double)NAN : r->train_loss;
    row.valid_loss = run->diverged ? (double)NAN : r->valid_loss;
    row.valid_accuracy = run->diverged ? (double)NAN : r->valid_accuracy;
    return row;
}

static int make_columns(table_column *out, const sweep_grid *grid) {
    int count = sizeof rank_columns / sizeof *rank_columns;
    memcpy(out, rank_columns, sizeof rank_columns);
    for (int a = 0; a < grid->axis_count; a++) {
        table_column axis = COLUMN(grid->axes[a].name, NULL, CELL_TEXT, sweep_row, values);
        axis.offset += (size_t)a * sizeof(const char *);
        out[count++] = axis;
    }
    memcpy(out + count, result_columns, sizeof result_columns);
    return count + (int)(sizeof result_columns / sizeof *result_columns);
}

outcome sweep_table_make(sweep_table *out, const sweep *from) {
    int count, finished = 0;
    const sweep_grid *grid = sweep_get_grid(from);
    const ranked_run *ranking = sweep_ranking(from, &count);
    *out = (sweep_table){.rows = new_array((size_t)count + 1, sizeof *out->rows)};
    if (!out->rows) return OUTCOME_MACHINE;
    for (int i = 0; i < count; i++) {
        out->rows[i] = sweep_row_make(grid, &ranking[i]);
        finished += !ranking[i].diverged;
    }
    const int columns = make_columns(out->columns, grid);
    out->runs = (row_table){out->columns, columns, out->rows, sizeof *out->rows, (size_t)count};
    out->finished = (row_table){out->columns, columns, out->rows, sizeof *out->rows, (size_t)finished};
    out->diverged = (row_table)ROWS(diverged_columns, out->rows + finished, count - finished);
    return OUTCOME_OK;
}

void sweep_table_free(sweep_table *table) {
    free(table->rows);
}

/* ---- folds ---- */

static void show_fold(char *text, size_t size, const void *value) {
    const int fold = *(const int *)value;
    if (fold > 0)
        snprintf(text, size, "%d", fold);
    else
        snprintf(text, size, "%s", fold == FOLD_MEAN ? "mean" : "deviation");
}

/* Mean and deviation have neither pictures nor epochs. */
static void show_positive(char *text, size_t size, const void *value) {
    *text = '\0';
    if (*(const int *)value > 0) snprintf(text, size, "%d", *(const int *)value);
}

static void show_interval(char *text, size_t size, const void *value) {
    const dn_metrics *m = value;
    *text = '\0';
    if (m->count) snprintf(text, size, "%.4f to %.4f", m->accuracy_low, m->accuracy_high);
}

row_table folds_table(const fold_table *folds, bool folds_only) {
    static const table_column columns[] = {
        COLUMN("fold", "fold", CELL_INT, fold_result, fold, .show = show_fold),
        COLUMN("pictures", "count", CELL_INT, fold_result, held_out.count, .show = show_positive),
        COLUMN("best epoch", "best_epoch", CELL_INT, fold_result, best_epoch, .show = show_positive),
        COLUMN("accuracy", "accuracy", CELL_NUMBER, fold_result, held_out.accuracy),
        COLUMN("95 % interval", NULL, CELL_RECORD, fold_result, held_out, .show = show_interval,
               .page_only = true),
        COLUMN("loss", "loss", CELL_NUMBER, fold_result, held_out.loss),
    };
    return (row_table)ROWS(columns, folds->folds, folds_only ? folds->count : folds->count + FOLD_SUMMARIES);
}
