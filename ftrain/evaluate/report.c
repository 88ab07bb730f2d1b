/* SPDX-License-Identifier: MIT */
/* The sections of the page of evaluate --report, in their order. */
#include "ftrain/evaluate/report.h"

#include "ftrain/backbone/network_options.h"
#include "ftrain/evaluate/tables.h"
#include "ftrain/page/chart.h"
#include "ftrain/page/classes.h"
#include "ftrain/page/errors.h"
#include "ftrain/page/report.h"
#include "ftrain/shell/new_array.h"
#include "ftrain/shell/options.h"
#include "ftrain/shell/outcome.h"
#include "io/json.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* More classes than these make no readable charts. */
enum { MAX_CHARTED = 4 };

/* ---- the result ---- */

/* Whether the model is judged on what it was made from, and what it reaches without that. */
static void write_own(html *page, const evaluation *result) {
    const without_own *from = &result->without_own;
    char sentence[200];
    own_pictures_sentence(sentence, sizeof sentence, &from->own);
    html_raw(page, "<div%s>\n<p>What the model was made from: ",
             own_pictures_count(&from->own) ? " class=\"alarm\"" : "");
    html_text(page, sentence);
    html_raw(page, ".</p>\n</div>\n");
    if (!from->is_measured) return;
    scored_row both[2];
    scored_columns columns;
    without_own_rows_make(both, result);
    scored_columns_make(&columns, result, false);
    const row_table table = scored_table(&columns, both, 2);
    html_rows(page, &table);
}

static void write_familiarity(html *page, const evaluation *result) {
    const strangers *others = &result->strangers;
    if (result->unfamiliar < 0) return;
    html_raw(
        page,
        "<p>%d of the pictures (%.1f %%) are unfamiliar: less like the training pictures than 95 %% of the "
        "validation pictures were.</p>\n",
        result->unfamiliar, 100.0 * result->unfamiliar / result->scores.count);
    if (!others->folder) return;
    html_raw(page, "<p>Of the pictures in ");
    html_text(page, others->folder);
    html_raw(
        page,
        ", which are of another kind, %d of %d (%.1f %%) are. Sorted by unfamiliarity, a picture of these "
        "stands before an evaluated one with a probability of %.4f (ROC-AUC).</p>\n",
        others->unfamiliar, others->count, 100.0 * others->unfamiliar / others->count, others->roc_auc);
}

static void write_result(html *page, const evaluation *result) {
    const dn_metrics *m = &result->metrics.overall;
    html_section(page, "result", "Result");
    html_raw(page, "<p class=\"headline\">%.1f %% correct</p>\n<p>Of the %d pictures", 100 * m->accuracy,
             m->count);
    if (result->split) {
        html_raw(page, " in ");
        html_text(page, result->split);
    }
    html_raw(
        page,
        ", %d are classified correctly. With other pictures of the same kind that share could well come out "
        "between %.1f %% and %.1f %% (Wilson's 95 %% interval).</p>\n",
        m->correct, 100 * m->accuracy_low, 100 * m->accuracy_high);
    const guessing_sentence guessing = evaluation_guessing(result, &result->metrics);
    report_guessing(page, "This is ", &guessing);
    write_own(page, result);
    report_random_weights(page, result->info->weights_source);
    if (result->skipped)
        html_raw(page, "<p>%zu pictures could not be used and were left out.</p>\n", result->skipped);
    write_familiarity(page, result);
    static const char *const titles[] = {"", "value"};
    const struct {
        const char *name;
        double value;
    } rows[] = {{"accuracy", m->accuracy},
                {"balanced accuracy", result->metrics.balanced_accuracy},
                {"ROC-AUC", result->roc_auc},
                {"average precision", result->average_precision},
                {"loss (mean negative log-likelihood)", m->loss},
                {"Brier score", m->brier},
                {"expected calibration error", result->reliability.error}};
    html_table_begin(page, titles, 2, 1);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        html_cell(page, rows[i].name);
        html_number(page, "%.4f", rows[i].value);
    }
    html_table_end(page);
}

static outcome write_classes(html *page, const evaluation *result) {
    class_row *all;
    const outcome code = evaluation_class_rows(&all, result);
    if (code) return code;
    const row_table table = class_table(all, result->info->class_count);
    classes_write(page, &table);
    free(all);
    return OUTCOME_OK;
}

/* ---- calibration ---- */

typedef struct reliability_line {
    double confidence[DN_RELIABILITY_BINS], accuracy[DN_RELIABILITY_BINS];
} reliability_line;

static void fill_line(reliability_line *out, const dn_reliability *reliability) {
    for (int b = 0; b < DN_RELIABILITY_BINS; b++) {
        const dn_reliability_bin *bin = &reliability->bins[b];
        out->confidence[b] = bin->count ? bin->confidence : (double)NAN;
        out->accuracy[b] = bin->count ? (double)bin->correct / bin->count : (double)NAN;
    }
}

/* How many pictures the bins hold that hold any: an accuracy of three pictures says little. */
static void write_bins(html *page, const char *title, const dn_reliability *reliability) {
    chart_bar bars[DN_RELIABILITY_BINS];
    char names[DN_RELIABILITY_BINS][32];
    int shown = 0;
    double most = 1;
    for (int b = 0; b < DN_RELIABILITY_BINS; b++) {
        const int count = reliability->bins[b].count;
        if (!count) continue;
        snprintf(names[shown], sizeof names[shown], "%.2f to %.2f", (double)b / DN_RELIABILITY_BINS,
                 (double)(b + 1) / DN_RELIABILITY_BINS);
        bars[shown] = (chart_bar){names[shown], count, (double)NAN, (double)NAN, false};
        shown++;
        most = fmax(most, count);
    }
    chart_write_bars(page, title, "pictures, by the probability of the predicted class", "%.0f", most, NULL,
                     bars, shown);
}

static void write_calibration(html *page, const evaluation *result) {
    const recalibration *c = &result->recalibration;
    reliability_line plain, fitted;
    fill_line(&plain, &result->reliability);
    html_section(page, "calibration", "Calibration");
    html_raw(
        page,
        "<p>Whether a probability of 0.8 is right 8 times in 10: pictures in bins by the probability of their "
        "predicted class. On the diagonal it is; below, the model is too sure.</p>\n");
    chart_lines chart = {.title = "Reliability",
                         .x_label = "mean probability of the predicted class",
                         .y_label = "share of pictures classified correctly",
                         .series = {{"as it is", plain.confidence, plain.accuracy, DN_RELIABILITY_BINS}},
                         .series_count = 1,
                         .low = 0,
                         .high = 1,
                         .marked = (double)NAN,
                         .diagonal = true};
    if (c->split) {
        fill_line(&fitted, &c->reliability);
        chart.series[chart.series_count++] = (chart_series){"at the fitted temperature", fitted.confidence,
                                                            fitted.accuracy, DN_RELIABILITY_BINS};
    }
    html_raw(page, "<div class=\"grid\">\n");
    chart_write_lines(page, &chart);
    write_bins(page, "Pictures in each bin", &result->reliability);
    if (c->split) write_bins(page, "Pictures in each bin, at the fitted temperature", &c->reliability);
    html_raw(page, "</div>\n");
    if (!c->split) return;
    html_raw(page, "<p>Temperature %.4f, fitted on %d pictures of ", c->temperature, c->count);
    html_text(page, c->split);
    html_raw(page, ": the loss goes from %.4f to %.4f, the calibration error from %.4f to %.4f.</p>\n",
             result->metrics.overall.loss, c->metrics.loss, result->reliability.error, c->reliability.error);
    if (isnan(c->threshold.probability)) return;
    html_raw(
        page,
        "<p>Threshold %.4f: of all thresholds it has the highest balanced accuracy there. A picture with a higher probability is classified as ",
        c->threshold.probability);
    html_text(page, result->info->classes[1]);
    html_raw(page, ". The accuracy here is then %.4f instead of %.4f.</p>\n",
             c->at_threshold.overall.accuracy, result->metrics.overall.accuracy);
    const guessing_sentence guessing = evaluation_guessing(result, &c->at_threshold);
    report_guessing(page, "This is ", &guessing);
}

static void write_sets(html *page, const evaluation *result) {
    const set_row *all = &result->set_metrics.all;
    if (!result->sets.thresholds) return;
    char title[160];
    set_metrics_title(title, sizeof title, &result->sets);
    html_section(page, "sets", "Sets of classes");
    html_raw(
        page,
        "<p>The %s: %.1f %% hold the true class (%d of %d; Wilson's 95 %% interval %.1f %% to %.1f %%). ",
        title, 100 * all->coverage, all->held, all->count, 100 * all->coverage_low, 100 * all->coverage_high);
    html_raw(page, "A set has %.2f classes on average; %d are empty, %d hold more than one class.</p>\n",
             all->mean_size, all->empty, all->several);
    const row_table table = set_table(result->set_metrics.classes, result->info->class_count);
    html_rows(page, &table);
}

/* ---- robustness ---- */

static const char ROBUSTNESS[] =
    "<p>The same pictures under one perturbation at a time. A cue that does not belong to the subject often disappears "
    "under one of them: framing under zoom, compression under JPEG, upsampling under blur. The whiskers are Wilson's "
    "95 %% intervals. p (guessing): how probably always guessing the largest class would get as many right, or more.</p>\n";

static chart_bar accuracy_bar(const char *name, const score_metrics *metrics) {
    const dn_metrics *m = &metrics->overall;
    return (chart_bar){name, m->count ? m->accuracy : (double)NAN, m->accuracy_low, m->accuracy_high, false};
}

static void write_accuracies(html *page, const evaluation *result, chart_bar *bars) {
    const chart_reference largest = {"always the largest class", result->metrics.versus_largest.share};
    bars[0] = accuracy_bar("as they are", &result->metrics);
    for (int i = 0; i < result->row_count; i++)
        bars[i + 1] = accuracy_bar(result->rows[i].name, &result->rows[i].metrics);
    chart_write_bars(page, "Accuracy", "share of pictures classified correctly", "%.3f", 1, &largest, bars,
                     result->row_count + 1);
}

static void write_recalls(html *page, const evaluation *result, chart_bar *bars) {
    const int classes = result->info->class_count;
    for (int c = 0; c < classes && classes <= MAX_CHARTED; c++) {
        char title[160];
        const dn_class_metrics *plain = &result->metrics.classes[c];
        bars[0] = (chart_bar){"as they are", plain->recall, plain->recall_low, plain->recall_high, false};
        for (int i = 0; i < result->row_count; i++) {
            const dn_class_metrics *m = &result->rows[i].metrics.classes[c];
            bars[i + 1] = (chart_bar){result->rows[i].name, m->recall, m->recall_low, m->recall_high, false};
        }
        snprintf(title, sizeof title, "Recall of %s", result->info->classes[c]);
        chart_write_bars(page, title, "share of the class's pictures that are recognised", "%.3f", 1, NULL,
                         bars, result->row_count + 1);
    }
}

static outcome write_robustness(html *page, const evaluation *result) {
    if (!result->row_count) return OUTCOME_OK;
    chart_bar *const bars = new_array((size_t)result->row_count + 1, sizeof *bars);
    scored_row *all;
    outcome code = robustness_rows_make(&all, result);
    if (!code && !bars) code = OUTCOME_MACHINE;
    if (!code) {
        html_section(page, "robustness", "Robustness");
        html_raw(page, ROBUSTNESS);
        html_raw(page, "<div class=\"grid\">\n");
        write_accuracies(page, result, bars);
        write_recalls(page, result, bars);
        html_raw(page, "</div>\n");
        scored_columns columns;
        scored_columns_make(&columns, result, true);
        const row_table table = scored_table(&columns, all, 1 + result->row_count);
        html_rows(page, &table);
    }
    free(bars);
    free(all);
    return code;
}

/* ---- all of it ---- */

static outcome write_provenance(html *page, const evaluation *result, const scorer_options *options) {
    json_t *recipe = dni_json_of_checked(result->info->recipe);
    if (!recipe) return report_no_memory();
    if (json_is_object(recipe))
        report_recipe(page, recipe);
    else
        json_decref(recipe);
    report_provenance(page, &(report_source){.pool = result->scorer.pool,
                                             .model = options->model,
                                             .backbone = result->info->backbone,
                                             .weights = result->info->weights_source,
                                             .hash = result->info->weights_hash,
                                             .precision = precision_name(options->network.precision),
                                             .preprocessing = result->info->preprocessing,
                                             .seed = &result->info->seed});
    return OUTCOME_OK;
}

static outcome write_pictures(html *page, evaluation *result, const evaluation_page *wanted, bool quiet) {
    const judged_pictures pictures = {.folder = result->data,
                                      .samples = result->samples.items,
                                      .sample_index = result->scores.sample_index,
                                      .log_probabilities = result->scores.log_probabilities,
                                      .labels = result->scores.labels,
                                      .unfamiliarity = result->scores.unfamiliarity,
                                      .count = result->scores.count,
                                      .classes = result->info->classes,
                                      .class_count = result->info->class_count,
                                      .preprocessing = &result->info->preprocessing};
    evidence_maps maps;
    outcome code = wanted->max_maps ? scorer_attach(&result->scorer) : OUTCOME_OK;
    if (code) return code;
    code = evidence_maps_open(&maps, wanted->max_maps ? result->scorer.classifier : NULL);
    if (!code) code = errors_write(page, &pictures, &maps, wanted->max_maps, quiet);
    if (!code) code = evaluation_write_pictures(page, &pictures, &maps);
    evidence_maps_close(&maps);
    return code;
}

static outcome write_sections(html *page, evaluation *result, const scorer_options *options,
                              const evaluation_page *wanted) {
    write_result(page, result);
    outcome code = write_classes(page, result);
    confusion_write(page, result->info->classes, result->info->class_count, &result->metrics.confusion);
    if (!code) code = evaluation_write_curves(page, result);
    if (!code) {
        write_calibration(page, result);
        write_sets(page, result);
        code = write_robustness(page, result);
    }
    if (!code) code = write_pictures(page, result, wanted, options->features.quiet);
    if (!code) code = write_provenance(page, result, options);
    return code;
}

outcome evaluation_write_report(evaluation *result, const scorer_options *options,
                                const evaluation_page *wanted) {
    html *page;
    outcome code = report_open(&page, wanted->path, "Evaluation of a model");
    if (code) return code;
    code = write_sections(page, result, options, wanted);
    if (!code) return report_close(page);
    html_abandon(page);
    return code;
}
