/* SPDX-License-Identifier: MIT */
/* train --report: a training as one page. */
#include "ftrain/train/report.h"

#include "ftrain/page/chart.h"
#include "ftrain/page/report.h"
#include "ftrain/shell/new_array.h"
#include "ftrain/shell/outcome.h"
#include "ftrain/shell/output.h"
#include "ftrain/train/calibrate.h"
#include "ftrain/train/recipe.h"
#include "ftrain/train/tables.h"
#include "ftrain/train/test_pictures.h"
#include "io/file.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the result ---- */

static void write_origin(html *page, const train_run *run) {
    const origin *of = &run->origin;
    html_raw(page, "<p>The training went on from the head of <code>");
    html_text(page, dni_path_name(of->path));
    html_raw(page, "</code>");
    if (of->added || of->left_out)
        html_raw(page, ", of whose classes %d %s kept and %d left out; %d %s new", of->kept,
                 of->kept == 1 ? "was" : "were", of->left_out, of->added, of->added == 1 ? "was" : "were");
    if (of->is_measured)
        html_raw(page,
                 ". As it was, it classified %d of these %d test pictures correctly; its validation loss was "
                 "%.4f, its validation accuracy %.4f",
                 of->test.correct, of->test.count, of->valid.loss, of->valid.accuracy);
    html_raw(page, ".%s</p>\n",
             train_kept_start(run) ? " No epoch had a lower validation loss, and so the head was kept." : "");
}

static void write_result(html *page, const train_run *run) {
    const dn_metrics *test = &run->test;
    const dn_train_result *result = &run->result;
    html_section(page, "result", "Result");
    html_raw(page, "<p class=\"headline\">%.1f %% correct</p>\n", 100 * test->accuracy);
    html_raw(
        page,
        "<p>Of the %d pictures in test, which the training never saw, %d are classified correctly. With "
        "other pictures of the same kind that share could well come out between %.1f %% and %.1f %% (Wilson's "
        "95 %% interval). The mean negative log-likelihood is %.4f.</p>\n",
        test->count, test->correct, 100 * test->accuracy_low, 100 * test->accuracy_high, test->loss);
    guessing_sentence sentence = train_guessing(run);
    report_guessing(page, "This is ", &sentence);
    if (train_learnt_nothing(run, &sentence)) report_guessing(page, "In this training ", &sentence);
    report_random_weights(page, run->extraction.source.name);
    if (run->origin.classifier) write_origin(page, run);
    html_raw(page,
             "<p>The weights are those of epoch %d, whose validation loss, %.4f, was the lowest; its "
             "validation accuracy was %.4f.",
             result->best_epoch, result->valid_loss, result->valid_accuracy);
    if (train_stopped_early(run))
        html_raw(page, " The training stopped after epoch %d of %d: no lower validation loss in %d.",
                 result->epochs, run->options->training.epochs, run->options->training.patience);
    html_raw(page, "</p>\n");
    html_raw(page, "<p>The sets of --coverage are calibrated on %d pictures of valid, %s.</p>\n",
             calibrate_count(run),
             calibrate_is_apart(run)
                 ? "which did not choose the epoch"
                 : "which chose the epoch, too: their share may fall a little below the one asked for");
    if (run->sweep)
        html_raw(page,
                 "<p>Test was used once, after the <a href=\"#sweep\">sweep</a> had picked the winner "
                 "by its validation loss.</p>\n");
}

/* ---- curves ---- */

typedef struct curves {
    double *epoch, *train_loss, *valid_loss, *valid_accuracy, *learning_rate; /* (count) each */
    int count;
    double best; /* NaN: not among these epochs */
} curves;

static outcome gather(curves *out, const train_run *run) {
    const epoch_log *log = &run->epochs;
    const size_t count = (size_t)log->count;
    *out =
        (curves){.epoch = new_array(5 * count + 1, sizeof(double)), .count = log->count, .best = (double)NAN};
    if (!out->epoch) return OUTCOME_MACHINE;
    out->train_loss = out->epoch + count;
    out->valid_loss = out->train_loss + count;
    out->valid_accuracy = out->valid_loss + count;
    out->learning_rate = out->valid_accuracy + count;
    for (size_t i = 0; i < count; i++) {
        const dn_epoch *epoch = &log->epochs[i];
        out->epoch[i] = epoch->epoch;
        out->train_loss[i] = epoch->train_loss;
        out->valid_loss[i] = epoch->valid_loss;
        out->valid_accuracy[i] = epoch->valid_accuracy;
        out->learning_rate[i] = epoch->learning_rate;
        if (epoch->epoch == run->result.best_epoch) out->best = epoch->epoch;
    }
    return OUTCOME_OK;
}

static void write_charts(html *page, const train_run *run, const curves *data) {
    chart_lines chart = {
        .title = "Loss",
        .x_label = "epoch",
        .y_label = "loss, nats a picture",
        .series = {{"train", data->epoch, data->train_loss, data->count},
                   {"valid", data->epoch, data->valid_loss, data->count}},
        .series_count = 2,
        .whole = true,
        .marked = data->best,
        .marked_name = "best epoch",
    };
    html_raw(page, "<div class=\"grid\">\n");
    chart_write_lines(page, &chart);
    chart.title = "Accuracy on valid";
    chart.y_label = "share of pictures classified correctly";
    chart.series[0] = (chart_series){"valid", data->epoch, data->valid_accuracy, data->count};
    chart.series_count = 1;
    chart.low = 0;
    chart.high = 1;
    chart.reference = (chart_reference){"always the largest class", train_valid_largest(run).share};
    chart_write_lines(page, &chart);
    chart.reference.name = NULL;
    if (train_has_schedule(run)) {
        chart.title = "Learning rate";
        chart.y_label = "of each epoch";
        chart.series[0] = (chart_series){"learning rate", data->epoch, data->learning_rate, data->count};
        chart.low = chart.high = 0;
        chart_write_lines(page, &chart);
    }
    html_raw(page, "</div>\n");
}

/* The epochs as they were printed, except that the best of all is marked alone, and not every one that was
 * the best so far. */
static outcome write_epochs(html *page, const train_run *run) {
    const epoch_log *log = &run->epochs;
    dn_epoch *epochs = new_array((size_t)log->count, sizeof *epochs);
    if (!epochs) return OUTCOME_MACHINE;
    memcpy(epochs, log->epochs, (size_t)log->count * sizeof *epochs);
    for (int i = 0; i < log->count; i++) epochs[i].is_best = epochs[i].epoch == run->result.best_epoch;
    const row_table table = epoch_table(epochs, log->count, true);
    html_raw(page, "<details><summary>All epochs as a table</summary>\n");
    html_rows(page, &table);
    html_raw(page, "</details>\n");
    free(epochs);
    return OUTCOME_OK;
}

static outcome write_curves(html *page, const train_run *run) {
    const epoch_log *log = &run->epochs;
    html_section(page, "curves", "Epoch by epoch");
    if (!log->count) {
        html_raw(page,
                 "<p>All epochs had been run before: the training was resumed from a checkpoint, which does "
                 "not keep the curves.</p>\n");
        return OUTCOME_OK;
    }
    html_raw(page,
             "<p>The training loss is the mean over the epoch's steps, with dropout; the validation loss and "
             "accuracy are those of the weights at the end of the epoch. Accuracy is not measured on "
             "train.%s</p>\n",
             run->sweep ? " These are the winner's." : "");
    if (log->epochs[0].epoch == 0)
        html_raw(page,
                 "<p>Epoch 0 is the model that the training went on from; its training loss is without "
                 "dropout.</p>\n");
    if (log->epochs[0].epoch > 1)
        html_raw(page,
                 "<p>The curves begin with epoch %d: the training was resumed from a checkpoint, which keeps "
                 "the weights but not the curves.%s</p>\n",
                 log->epochs[0].epoch,
                 run->result.best_epoch < log->epochs[0].epoch ? " The best epoch came before." : "");
    curves data;
    outcome code = gather(&data, run);
    if (code) return code;
    write_charts(page, run, &data);
    code = write_epochs(page, run);
    free(data.epoch);
    return code;
}

/* ---- the sweep ---- */

enum { MAX_PLACES = 200 };

static outcome write_sweep(html *page, const sweep *self) {
    sweep_table table;
    const outcome code = sweep_table_make(&table, self);
    if (code) return code;
    const size_t count = table.runs.count;
    if (count > MAX_PLACES) table.runs.count = MAX_PLACES;
    html_section(page, "sweep", "Sweep");
    html_raw(
        page,
        "<p>%zu trainings, by the lowest validation loss of each. The first is the one that was tested and written%s.</p>\n",
        count, table.rows[0].run.is_tied ? "; of equals it is the first in the order of the list" : "");
    html_rows(page, &table.runs);
    if (count > MAX_PLACES) html_raw(page, "<p>The %zu after these are left out.</p>\n", count - MAX_PLACES);
    sweep_table_free(&table);
    return OUTCOME_OK;
}

/* ---- folds ---- */

static outcome write_folds(html *page, const train_run *run) {
    const fold_table *folds = &run->folds;
    chart_bar *bars = new_array((size_t)folds->count, sizeof *bars);
    char(*names)[16] = new_array((size_t)folds->count, sizeof *names);
    const outcome code = bars && names ? OUTCOME_OK : OUTCOME_MACHINE;
    for (int i = 0; !code && i < folds->count; i++) {
        const dn_metrics *m = &folds->folds[i].held_out;
        snprintf(names[i], sizeof names[i], "fold %d", i + 1);
        bars[i] = (chart_bar){names[i], m->accuracy, m->accuracy_low, m->accuracy_high, false};
    }
    if (!code) {
        html_section(page, "folds", "Cross-validation");
        html_raw(page, "<p class=\"headline\">%.1f %% correct</p>\n", 100 * folds->pooled.accuracy);
        html_raw(
            page,
            "<p>Of all %d pictures of train and valid, each judged by a head that had not seen it, %d are "
            "classified correctly. With other pictures of the same kind that share could well come out between "
            "%.1f %% and %.1f %% (Wilson's 95 %% interval).</p>\n",
            folds->pooled.count, folds->pooled.correct, 100 * folds->pooled.low, 100 * folds->pooled.high);
        const guessing_sentence guessing = train_folds_guessing(run);
        report_guessing(page, "This is ", &guessing);
        report_random_weights(page, run->extraction.source.name);
        html_raw(
            page,
            "<p>The pictures were assigned to %d folds. For each fold a head was trained without it and "
            "evaluated on it; the mean of the accuracies is %.1f %%, and they vary from fold to fold by %.1f "
            "percentage points (standard deviation). Test was not used, and no model was written.</p>\n",
            folds->count, 100 * folds->accuracy.mean, 100 * folds->accuracy.deviation);
        const chart_reference largest = {"always the largest class", folds->versus_largest.share};
        chart_write_bars(page, "Accuracy of each fold",
                         "share of pictures classified correctly, with Wilson's 95 % interval", "%.3f", 1,
                         &largest, bars, folds->count);
        const row_table table = folds_table(folds, false);
        html_rows(page, &table);
    }
    free(names);
    free(bars);
    return code;
}

/* ---- the page ---- */

static outcome write_sections(html *page, const train_run *run) {
    const train_options *options = run->options;
    outcome code = OUTCOME_OK;
    if (options->folds) {
        code = write_folds(page, run);
    } else {
        write_result(page, run);
        code = write_curves(page, run);
        if (!code && run->sweep) code = write_sweep(page, run->sweep);
        if (!code) code = train_write_test_pictures(page, run);
    }
    if (code) return code;
    report_data(page, &run->extraction.data, run->counts, run->extraction.skipped);
    report_recipe(page, recipe_json(run));
    const extraction *extracted = &run->extraction;
    report_source source = {.pool = extracted->pool,
                            .preprocessing = extracted->preprocessing,
                            .model = options->model,
                            .seed = &options->training.seed};
    report_source_backbone(&source, extracted->weights, extracted->source.name, extracted->hash,
                           precision_name(options->extraction.network.precision));
    report_provenance(page, &source);
    return OUTCOME_OK;
}

outcome train_report(const train_run *run) {
    const train_options *options = run->options;
    char title[256];
    if (options->folds)
        snprintf(title, sizeof title, "Cross-validation in %d folds", options->folds);
    else
        snprintf(title, sizeof title, "Training of %s", dni_path_name(options->model));
    html *page;
    outcome code = report_open(&page, options->report, title);
    if (code) return code;
    code = write_sections(page, run);
    if (code) {
        html_abandon(page);
        return code;
    }
    code = report_close(page);
    if (!code && !options->json) print_wrote(options->report);
    return code;
}
