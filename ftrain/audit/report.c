/* SPDX-License-Identifier: MIT */
/* The page of audit --report: what was found, with the pictures. */
#include "ftrain/audit/audit.h"
#include "ftrain/audit/pictures.h"
#include "ftrain/audit/sheets.h"
#include "ftrain/audit/tables.h"
#include "ftrain/page/chart.h"
#include "ftrain/page/report.h"
#include "ftrain/page/thumbnail.h"
#include "ftrain/shell/options.h"
#include "ftrain/shell/outcome.h"

#include <math.h>
#include <stdio.h>

enum { MAX_SHOWN_GROUPS = 40 };

/* ---- cues ---- */

static void write_giveaways(html *page, const audit_leak *leak) {
    if (leak->giveaway_count) html_raw(page, "<ul>\n");
    for (int k = 0; k < leak->giveaway_count; k++) {
        const giveaway *const it = &leak->giveaways[k];
        html_raw(page, "<li><em>");
        html_text(page, it->more);
        html_raw(page, "</em> %s: %s against %s of <em>", it->phrase, it->more_value, it->less_value);
        html_text(page, it->less);
        html_raw(page, "</em> (%s, AUC %.3f)</li>\n", cue_name(it->cue), it->auc);
    }
    if (leak->giveaway_count) html_raw(page, "</ul>\n");
    const char *const advice = audit_advice(leak);
    if (!advice) return;
    html_raw(page, "<p>");
    html_text(page, advice);
    html_raw(page, "</p>\n");
}

/* An alarm looks like one, and says so in words, too. */
static void write_verdict(html *page, const audit_leak *leak) {
    char text[512];
    audit_verdict(text, sizeof text, leak);
    html_section(page, "verdict", "Verdict");
    html_raw(page, "<div%s>\n<p><strong>", leak->alarm ? " class=\"alarm\"" : "");
    html_text(page, text);
    html_raw(page, "</strong></p>\n");
    write_giveaways(page, leak);
    html_raw(
        page,
        "</div>\n"
        "<p>A cue is anything that shows which class a file is of without its subject being looked at. Where "
        "cues give the labels away, a classifier may learn them instead of the subject, and does well on "
        "pictures gathered in the same way and nowhere else. Not every cue is a mistake: where the classes "
        "differ in texture or colour by nature, pixel statistics show it, too.</p>\n");
}

static void write_cues(html *page, const audit_leak *leak) {
    html_section(page, "cues", "What cues alone reveal");
    if (!leak->is_evaluated) {
        html_raw(page,
                 "<p>Not evaluated: this needs two classes with at least %d pictures each, copies not "
                 "counted.</p>\n",
                 FOLDS);
        return;
    }
    chart_bar bars[CUE_GROUPS + 1];
    for (int g = 0; g < CUE_GROUPS; g++)
        bars[g] =
            (chart_bar){leak->groups[g].name, leak->groups[g].metrics.accuracy,
                        leak->groups[g].metrics.accuracy_low, leak->groups[g].metrics.accuracy_high, false};
    bars[CUE_GROUPS] =
        (chart_bar){"always the largest class", leak->majority, (double)NAN, (double)NAN, false};
    html_raw(
        page,
        "<p>Logistic regression on cues alone, %d-fold cross-validation over %d pictures, copies kept in one "
        "fold. The whiskers are Wilson's 95 %% intervals. An alarm is raised where an interval's lower end closes "
        "%.0f %% of the gap between the largest class and 1.</p>\n",
        FOLDS, leak->pictures, 100 * ALARM_SHARE);
    chart_write_bars(page, "Accuracy by cues alone", "share of pictures whose class was found", "%.3f", 1,
                     NULL, bars, CUE_GROUPS + 1);
    const cue_group *const best = audit_best_group(leak);
    const guessing_sentence sentence = guessing_sentence_make(&best->versus_largest, leak->largest,
                                                              best->metrics.correct, best->metrics.count);
    char opening[80];
    snprintf(opening, sizeof opening, "The classifier on %s is ",
             best == &leak->groups[GROUP_BOTH] ? "both" : best->name);
    report_guessing(page, opening, &sentence);
    const row_table groups = audit_groups_table(leak);
    html_rows(page, &groups);
    const row_table cues = audit_cues_table(leak, CUE_COUNT);
    html_heading(page, "Each cue alone");
    html_rows(page, &cues);
}

/* ---- files ---- */

static void write_files(html *page, const audit *findings) {
    const row_table files = audit_files_table(findings), making = audit_making_table(findings);
    html_section(page, "files", "Files");
    html_raw(page, "<p>Of each class in each split: the minimum, the median and the maximum.</p>\n");
    html_rows(page, &files);
    html_heading(page, "How they were made (pictures), and their mean colour (0 to 255)");
    html_rows(page, &making);
}

/* ---- means ---- */

static void write_mean(html *page, const audit_data *data, int label) {
    uint8_t pixels[TINY_BYTES];
    const double *const sums = data->tiny_sums + (size_t)label * TINY_BYTES;
    if (!data->usable[label]) return;
    for (int i = 0; i < TINY_BYTES; i++) pixels[i] = (uint8_t)lrint(sums[i] / (double)data->usable[label]);
    const dn_image mean = {.width = TINY_SIDE, .height = TINY_SIDE, .rgb = pixels};
    dn_error error;
    html_raw(page, "<figure class=\"mean\">");
    if (thumbnail_write(page, &mean, TINY_SIDE, "the mean picture of a class", &error))
        html_fail(page, &error);
    html_raw(page, "<figcaption>");
    html_text(page, data->classes[label]);
    html_raw(page, "<br>%zu pictures</figcaption></figure>\n", data->usable[label]);
}

static void write_means(html *page, const audit_data *data) {
    html_section(page, "means", "Mean pictures");
    html_raw(
        page,
        "<p>The mean of all pictures of a class, each shrunk to %d x %d pixels, whatever its shape. Where the classes are framed differently, it shows here.</p>\n",
        TINY_SIDE, TINY_SIDE);
    html_raw(page, "<div class=\"pictures\">\n");
    for (int c = 0; c < data->class_count; c++) write_mean(page, data, c);
    html_raw(page, "</div>\n");
}

/* ---- copies and outliers ---- */

static bool is_among(const uint32_t *firsts, int count, uint32_t first) {
    for (int i = 0; i < count; i++)
        if (firsts[i] == first) return true;
    return false;
}

/* A group is shown where its second member comes, all of it, one after the other. */
static void write_copies(html *page, const audit *findings, dni_pool *pool) {
    const audit_copies *const copies = &findings->copies;
    const audit_data *const data = &findings->data;
    html_section(page, "copies", "Copies");
    html_raw(page,
             "<p>Exact duplicates, files of the same bytes as an earlier one: %zu (groups across splits: "
             "%zu, across classes: %zu). Near duplicates, pictures that look like an earlier one: %zu "
             "(groups across splits: %zu, across classes: %zu).</p>\n",
             copies->same_count, copies->same_across_parts, copies->same_across_classes, copies->near_count,
             copies->near_across_parts, copies->near_across_classes);
    if (copies->near_count == 0) return;
    picture_list list = {.count = 0};
    uint32_t firsts[MAX_SHOWN_GROUPS];
    int shown = 0;
    for (size_t i = 0; i < data->samples.count && shown < MAX_SHOWN_GROUPS; i++) {
        const uint32_t first = copies->near[i];
        if (first == i || is_among(firsts, shown, first)) continue;
        firsts[shown++] = first;
        pictures_add(&list, first, "group %d", shown);
        for (size_t k = i; k < data->samples.count; k++)
            if (copies->near[k] == first) pictures_add(&list, k, "group %d", shown);
    }
    pictures_write(&list, page, data, pool, AUDIT_SIDE, "");
}

static void write_outliers(html *page, const audit_data *data, const class_outliers *all, const char *title,
                           dni_pool *pool) {
    html_heading(page, title);
    picture_list list = {.count = 0};
    for (int c = 0; c < data->class_count; c++)
        for (int k = 0; k < all[c].count; k++) {
            const outlier *const it = &all[c].worst[k];
            pictures_add(&list, it->index, "%.1f%s%s", it->score, it->cue >= 0 ? ", " : "",
                         it->cue >= 0 ? cue_name(it->cue) : "");
        }
    if (!list.count) html_raw(page, "<p>None.</p>\n");
    pictures_write(&list, page, data, pool, AUDIT_SIDE, "");
}

static void write_all_outliers(html *page, const audit *findings, dni_pool *pool) {
    html_section(page, "outliers", "Pictures that stand out");
    html_raw(
        page,
        "<p>At most %d of each class, by a modified z-score above %.1f. They need not be wrong, but are worth a look.</p>\n",
        WORST, DNI_OUTLIER_Z);
    write_outliers(page, &findings->data, findings->colour, "In colour", pool);
    if (findings->features)
        write_outliers(page, &findings->data, findings->features, "In the network's features", pool);
    else
        html_raw(page, "<p>The network's features were not asked for (-w WEIGHTS).</p>\n");
}

/* ---- labels ---- */

static void write_left_out(html *page, const audit *findings) {
    const label_check *const check = &findings->labels.check;
    if (!check->left_out) return;
    html_raw(page,
             "<p>Not judged: %zu pictures of classes with fewer than %d different pictures:", check->left_out,
             LABEL_FOLDS);
    const char *comma = " ";
    for (int c = 0; c < findings->data.class_count; c++) {
        if (check->class_judged[c] || !findings->data.usable[c]) continue;
        html_raw(page, "%s<em>", comma);
        html_text(page, findings->data.classes[c]);
        html_raw(page, "</em>");
        comma = ", ";
    }
    html_raw(page, ".</p>\n");
}

static void write_judged(html *page, const audit *findings, dni_pool *pool) {
    const audit_labels *const labels = &findings->labels;
    const label_check *const check = &labels->check;
    html_raw(
        page,
        "<p><strong>%d of %d labels are probably wrong.</strong> Every picture was judged by logistic "
        "regression on the network's features that was fitted without it and its copies (%d folds over all "
        "splits, C %g, chosen by the loss out of fold). Confident learning (Northcutt, Jiang &amp; Chuang "
        "2021) tells from these probabilities which labels do not fit. The most doubtful come first: those "
        "whose given class falls furthest behind another one. A suspicion is no proof: look before a label "
        "is changed.</p>\n",
        check->suspected, check->count, LABEL_FOLDS, check->c);
    write_left_out(page, findings);
    const guessing_sentence sentence =
        guessing_sentence_make(&check->versus_largest, findings->data.classes[check->versus_largest.largest],
                               check->metrics.correct, check->metrics.count);
    char opening[120];
    snprintf(opening, sizeof opening, "Out of fold, the given label is predicted in %.4f of cases. This is ",
             check->metrics.accuracy);
    report_guessing(page, opening, &sentence);
    const char *const doubt = audit_labels_doubt(labels);
    if (doubt) html_raw(page, "<p><strong>%s</strong></p>\n", doubt);
    picture_list list = {.count = 0};
    for (int k = 0; k < check->suspected; k++) {
        const label_row *const it = &labels->rows[k];
        pictures_add(&list, it->index, "%.60s %.3f; likely %.60s %.3f", it->given, it->given_probability,
                     it->likely, it->likely_probability);
    }
    pictures_write(&list, page, &findings->data, pool, AUDIT_SIDE, "sheet");
}

static void write_labels(html *page, const audit *findings, dni_pool *pool) {
    if (!findings->labels.is_asked) return;
    html_section(page, "labels", "Labels that are probably wrong");
    if (findings->labels.check.is_judged)
        write_judged(page, findings, pool);
    else
        html_raw(page, "<p>Not judged: fewer than two classes have %d different pictures.</p>\n",
                 LABEL_FOLDS);
}

static void write_unusable(html *page, const audit_data *data) {
    if (!data->skipped) return;
    html_section(page, "unusable", "Pictures that cannot be used");
    html_raw(page, "<ul>\n");
    for (size_t i = 0; i < data->samples.count; i++) {
        if (data->facts[i].is_usable) continue;
        html_raw(page, "<li>");
        html_text(page, audit_path_inside(data, i));
        html_raw(page, "</li>\n");
    }
    for (size_t i = 0; i < data->samples.left_out_count; i++) {
        html_raw(page, "<li>");
        html_text(page, data->samples.left_out[i].message);
        html_raw(page, "</li>\n");
    }
    html_raw(page, "</ul>\n");
}

outcome audit_write_report(const audit *findings, const char *path, dni_pool *pool) {
    html *page;
    outcome code = report_open(&page, path, "Audit of a data set");
    if (code) return code;
    write_verdict(page, &findings->leak);
    write_cues(page, &findings->leak);
    write_files(page, findings);
    write_unusable(page, &findings->data);
    write_means(page, &findings->data);
    write_copies(page, findings, pool);
    write_all_outliers(page, findings, pool);
    write_labels(page, findings, pool);
    code = audit_write_sheets(page, findings, pool);
    if (code) {
        html_abandon(page);
        return code;
    }
    report_provenance(page, &(report_source){.pool = pool});
    return report_close(page);
}
