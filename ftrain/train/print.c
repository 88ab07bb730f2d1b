/* SPDX-License-Identifier: MIT */
/* What a training prints: a line an epoch, and what came of it. */
#include "ftrain/train/print.h"

#include "ftrain/shell/message.h"
#include "ftrain/shell/output.h"
#include "ftrain/shell/quote.h"
#include "ftrain/train/calibrate.h"
#include "ftrain/train/recipe.h"
#include "ftrain/train/tables.h"
#include "io/json.h"

#include <stdio.h>

/* ---- a training ---- */

outcome train_print_epoch(const train_run *run) {
    const int last = run->epochs.count - 1;
    const row_table epoch = epoch_table(&run->epochs.epochs[last], 1, train_has_schedule(run));
    if (run->options->json) return rows_print_json(&epoch) ? OUTCOME_OK : OUTCOME_MACHINE;
    if (last == 0) rows_print_titles(&epoch);
    rows_print_line(&epoch, 0);
    fflush(stdout);
    return OUTCOME_OK;
}

static outcome print_result_as_json(const train_run *run) {
    json_t *result = recipe_metrics_json(run);
    dni_json_set(&result, "own_in_test", own_pictures_json(&run->own_in_test));
    dni_json_set(&result, "model", dni_json_text(run->options->model));
    dni_json_set(&result, "decisions", decisions_json(&run->extraction.decisions));
    return print_json(result) ? OUTCOME_OK : OUTCOME_MACHINE;
}

static void print_before(const origin *of) {
    fputs("before, as in ", stdout);
    quote_write(stdout, of->path);
    printf(": validation loss %.4f, accuracy %.4f; test accuracy %.4f (%d of %d), loss %.4f\n",
           of->valid.loss, of->valid.accuracy, of->test.accuracy, of->test.correct, of->test.count,
           of->test.loss);
}

outcome train_print_result(const train_run *run) {
    const dn_metrics *test = &run->test;
    if (run->options->json) return print_result_as_json(run);
    if (train_stopped_early(run))
        printf("stopped after epoch %d of %d: no lower validation loss in %d\n", run->result.epochs,
               run->options->training.epochs, run->options->training.patience);
    if (train_kept_start(run))
        puts("no epoch has a lower validation loss than the model it began with, whose head is kept");
    printf("best epoch %d: validation loss %.4f, accuracy %.4f\n", run->result.best_epoch,
           run->result.valid_loss, run->result.valid_accuracy);
    printf("test accuracy %.4f (%d of %d; 95 %% interval %.4f to %.4f), loss %.4f\n", test->accuracy,
           test->correct, test->count, test->accuracy_low, test->accuracy_high, test->loss);
    if (run->origin.is_measured && !train_kept_start(run)) print_before(&run->origin);
    guessing_sentence sentence = train_guessing(run);
    guessing_print(&sentence);
    if (own_pictures_count(&run->own_in_test)) {
        char sentence_of_own[200];
        own_pictures_sentence(sentence_of_own, sizeof sentence_of_own, &run->own_in_test);
        printf("of test, %s: 'ftrain audit' lists the copies\n", sentence_of_own);
    }
    printf("sets of --coverage are calibrated on %d pictures of valid, %s\n", calibrate_count(run),
           calibrate_is_apart(run) ? "which did not choose the epoch"
                                   : "which chose the epoch, too (--calibration-share keeps some apart)");
    if (train_learnt_nothing(run, &sentence)) guessing_print(&sentence);
    print_wrote(run->options->model);
    return OUTCOME_OK;
}

/* ---- a sweep ---- */

outcome train_print_sweep(const train_run *run) {
    sweep_table table;
    outcome code = sweep_table_make(&table, run->sweep);
    bool printed = true;
    if (!code && run->options->json)
        printed = rows_print_json(&table.finished) && rows_print_json(&table.diverged);
    else if (!code && table.runs.count)
        printed = rows_print(&table.runs);
    if (!printed) code = OUTCOME_MACHINE;
    if (!code && !run->options->json && table.runs.count && table.rows[0].run.is_tied)
        message(
            "runs tie for the lowest validation loss: the first of them in the order of the list is taken");
    sweep_table_free(&table);
    return code;
}

/* ---- folds ---- */

static json_t *versus_json(const void *value) {
    return guessing_json(value);
}

static bool print_folds_summary(const train_run *run, const row_table *summary) {
    json_t *object = row_json(summary, 0);
    dni_json_set(&object, "decisions", decisions_json(&run->extraction.decisions));
    return print_json(object);
}

outcome train_print_folds(const train_run *run) {
    static const table_column columns[] = {
        COLUMN(NULL, "folds", CELL_INT, fold_table, count),
        COLUMN(NULL, "accuracy_mean", CELL_NUMBER, fold_table, accuracy.mean),
        COLUMN(NULL, "loss_mean", CELL_NUMBER, fold_table, loss.mean),
        COLUMN(NULL, "accuracy_deviation", CELL_NUMBER, fold_table, accuracy.deviation),
        COLUMN(NULL, "loss_deviation", CELL_NUMBER, fold_table, loss.deviation),
        COLUMN(NULL, "accuracy", CELL_NUMBER, fold_table, pooled.accuracy),
        COLUMN(NULL, "accuracy_low", CELL_NUMBER, fold_table, pooled.low),
        COLUMN(NULL, "accuracy_high", CELL_NUMBER, fold_table, pooled.high),
        COLUMN(NULL, "correct", CELL_INT, fold_table, pooled.correct),
        COLUMN(NULL, "count", CELL_INT, fold_table, pooled.count),
        COLUMN(NULL, "versus_largest_class", CELL_RECORD, fold_table, versus_largest, .json = versus_json),
    };
    const fold_table *folds = &run->folds;
    const row_table summary = ROWS(columns, folds, 1);
    const row_table table = folds_table(folds, run->options->json);
    if (!folds->count) return OUTCOME_OK;
    const bool printed = run->options->json ? rows_print_json(&table) && print_folds_summary(run, &summary)
                                            : rows_print(&table);
    if (!printed) return OUTCOME_MACHINE;
    if (!run->options->json) {
        const guessing_sentence guessing = train_folds_guessing(run);
        printf("all folds together: accuracy %.4f (%d of %d; 95 %% interval %.4f to %.4f)\n",
               folds->pooled.accuracy, folds->pooled.correct, folds->pooled.count, folds->pooled.low,
               folds->pooled.high);
        guessing_print(&guessing);
    }
    return OUTCOME_OK;
}
