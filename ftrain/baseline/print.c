/* SPDX-License-Identifier: MIT */
/* The table of the baselines, printed. */
#include "ftrain/baseline/run.h"
#include "ftrain/baseline/sentences.h"
#include "ftrain/shell/output.h"
#include "io/json.h"

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

static void show_name(char *text, size_t size, const void *value) {
    const baseline_row *row = value;
    snprintf(text, size, "%s%s", row->name, row->is_model ? " *" : "");
}

static json_t *pair_json(const void *value) {
    const row_pair *pair = value;
    if (!pair->reference) return json_null();
    return json_pack("{s:s, s:i, s:i, s:i, s:o}", "baseline", pair->reference, "count", pair->pictures,
                     "only_this", pair->only_this, "only_reference", pair->only_reference, "p_value",
                     dni_json_number(pair->p_value));
}

static json_t *versus_json(const void *value) {
    const baseline_row *row = value;
    return row->count ? guessing_json(&row->versus_largest) : json_null();
}

row_table baseline_rows(const baseline_run *run) {
    static const table_column columns[] = {
        ROW_COLUMN("baseline", NULL, .show = show_name),
        COLUMN(NULL, "baseline", CELL_CHARS, baseline_row, name),
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
        COLUMN("p (pairs)", NULL, CELL_NUMBER, baseline_row, pair.p_value, .show = show_p_value),
        COLUMN(NULL, "versus_reference", CELL_RECORD, baseline_row, pair, .json = pair_json),
        ROW_COLUMN(NULL, "versus_largest_class", .json = versus_json),
        COLUMN("seconds", "seconds", CELL_NUMBER, baseline_row, seconds, .format = "%.2f"),
    };
    return (row_table)ROWS(columns, run->rows, run->row_count);
}

const char *baseline_reference(const baseline_run *run) {
    const char *name = NULL;
    for (int i = 0; i < run->row_count && !name; i++) name = run->rows[i].pair.reference;
    return name;
}

static void print_sentences(const baseline_run *run) {
    const baseline_row *subject = sentences_subject(run);
    const guessing_sentence guessing = sentences_guessing(run, subject);
    printf("'%s' is ", subject->name);
    guessing_print(&guessing);
    char cues[256];
    sentences_cues(cues, sizeof cues, run, subject);
    if (*cues) puts(cues);
}

/* Each row says which decisions its pictures were chosen by. */
static bool print_json_rows(const baseline_run *run, const row_table *table) {
    bool printed = true;
    for (size_t i = 0; printed && i < table->count; i++) {
        json_t *row = row_json(table, i);
        dni_json_set(&row, "decisions", decisions_json(&run->extraction.decisions));
        printed = print_json(row);
    }
    return printed;
}

outcome baseline_print(const baseline_run *run) {
    const row_table table = baseline_rows(run);
    if (!(run->json ? print_json_rows(run, &table) : rows_print(&table))) return OUTCOME_MACHINE;
    const char *reference = baseline_reference(run);
    if (run->json || !reference) return OUTCOME_OK;
    if (run->model)
        printf("* the model; p (pairs): each row against it on the same pictures, McNemar's exact test\n");
    else
        printf("p (pairs): each row against the best, '%s', on the same pictures, McNemar's exact test\n",
               reference);
    print_sentences(run);
    return OUTCOME_OK;
}
