/* SPDX-License-Identifier: MIT */
/* baseline --report: the table of the baselines as one page. */
#include "ftrain/baseline/run.h"
#include "ftrain/baseline/sentences.h"
#include "ftrain/page/chart.h"
#include "ftrain/page/report.h"
#include "ftrain/shell/outcome.h"
#include "head/significance.h"

#include <stdio.h>

static void write_sentences(html *page, const baseline_run *run) {
    const baseline_row *subject = sentences_subject(run);
    if (!subject) return;
    char text[256];
    snprintf(text, sizeof text, "'%s' is ", subject->name);
    const guessing_sentence guessing = sentences_guessing(run, subject);
    report_guessing(page, text, &guessing);
    sentences_cues(text, sizeof text, run, subject);
    if (!*text) return;
    html_raw(page, "<p>");
    html_text(page, text);
    html_raw(page, ".</p>\n");
}

static void write_bars(html *page, const baseline_run *run) {
    chart_bar bars[MAX_ROWS];
    for (int i = 0; i < run->row_count; i++) {
        const baseline_row *row = &run->rows[i];
        bars[i] = (chart_bar){row->name, row->accuracy, row->accuracy_low, row->accuracy_high, row->is_model};
    }
    html_section(page, "accuracy", "Accuracy");
    html_raw(
        page,
        "<p>Each learned from train, was tuned on valid where there was something to choose, and was "
        "evaluated once on test. The whiskers are Wilson's 95 %% intervals: where two of them overlap much, "
        "the pictures of test are too few to tell which is better. A bar without whiskers is the expected "
        "accuracy of random guesses.</p>\n");
    const dni_versus_largest versus =
        dni_versus_largest_class(run->counts[DNI_TEST], run->extraction.data.class_count, 0);
    const chart_reference largest = {"always the largest class of test", versus.share};
    chart_write_bars(page, "Accuracy on test", "share of pictures classified correctly", "%.3f", 1, &largest,
                     bars, run->row_count);
    write_sentences(page, run);
}

static void write_table(html *page, const baseline_run *run) {
    const row_table table = baseline_rows(run);
    html_section(page, "table", "All numbers");
    html_rows(page, &table);
    html_raw(
        page,
        "<p class=\"dim\">chosen: what validation chose. balanced: the mean recall of the classes. AUC: area "
        "under the ROC curve, of more than two classes the mean of one against the rest. loss: mean "
        "negative log-likelihood. A dash stands where there are no scores or no probabilities to compute it from.</p>\n");
    const char *reference = baseline_reference(run);
    if (!reference) return;
    html_raw(page, "<p>p (pairs): how probably a row would differ so much, or more, from <em>");
    html_text(page, reference);
    html_raw(page,
             "</em>%s if both were equally good: McNemar's exact test on the pictures that one of them alone "
             "classifies correctly. Below 0.05 they differ.%s</p>\n",
             run->model ? "" : ", the best of them,",
             run->model ? " The model's row is marked with an asterisk."
                        : " The best was found on these very "
                          "pictures: it may owe that to chance.");
}

static void write_legend(html *page, const baseline_run *run) {
    html_section(page, "rows", "What each row is");
    html_raw(page, "<dl>\n");
    for (int i = 0; i < run->row_count; i++) {
        const baseline_row *row = &run->rows[i];
        if (!row->about) continue;
        html_raw(page, "<dt>");
        html_text(page, row->name);
        html_raw(page, "</dt>\n<dd>");
        html_text(page, row->about);
        html_raw(page, "</dd>\n");
    }
    html_raw(page, "</dl>\n");
}

outcome baseline_report(const baseline_run *run) {
    html *page;
    const outcome code = report_open(&page, run->report, "Baselines");
    if (code) return code;
    write_bars(page, run);
    write_table(page, run);
    write_legend(page, run);
    report_data(page, &run->extraction.data, run->counts, run->extraction.skipped);
    const extraction *extracted = &run->extraction;
    report_source source = {
        .pool = extracted->pool, .preprocessing = extracted->preprocessing, .model = run->model};
    report_source_backbone(&source, extracted->weights, extracted->source.name, extracted->hash,
                           precision_name(run->extraction_options.network.precision));
    report_provenance(page, &source);
    return report_close(page);
}
