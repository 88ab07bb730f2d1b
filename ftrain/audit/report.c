/* The page of audit --report: what was found, with the pictures. */
#include "core/error.h"
#include "ftrain/audit/audit.h"
#include "ftrain/audit/tables.h"
#include "ftrain/page/chart.h"
#include "ftrain/page/report.h"
#include "ftrain/page/thumbnail.h"
#include "ftrain/shell/options.h"
#include "ftrain/shell/outcome.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { SIDE = 104, SHEET = 240, MAX_SHOWN_GROUPS = 40, TEXT = 160 };

/* ---- pictures ---- */

/* A sample's path inside the data set. */
static const char *path_inside(const audit_data *data, size_t i) {
    const char *const path = data->samples.items[i].path;
    const size_t length = strlen(data->folder);
    if (strncmp(path, data->folder, length) != 0) return path;
    const char *inside = path + length;
    while (*inside == '/') inside++;
    return inside;
}

/* A picture of the data set with its path below, and a remark before it. One that cannot be read any more
 * is named only. */
static void write_picture(html *page, const audit_data *data, size_t i, const char *remark) {
    const char *const path = data->samples.items[i].path;
    dn_image image;
    dn_error error;
    html_raw(page, "<figure>");
    const dn_status status = dn_image_load(&image, path, &error);
    if (dni_status_is_machine(status)) html_fail(page, &error);
    if (!status && thumbnail_write(page, &image, SIDE, "", &error)) html_fail(page, &error);
    dn_image_free(&image);
    html_raw(page, "<figcaption>");
    if (*remark) {
        html_text(page, remark);
        html_raw(page, "<br>");
    }
    html_text(page, path_inside(data, i));
    html_raw(page, "</figcaption></figure>\n");
}

static void begin_pictures(html *page) {
    html_raw(page, "<div class=\"pictures\">\n");
}

static void end_pictures(html *page) {
    html_raw(page, "</div>\n");
}

static void heading(html *page, const char *text) {
    html_raw(page, "<h3>");
    html_text(page, text);
    html_raw(page, "</h3>\n");
}

/* ---- cues ---- */

static void write_verdict(html *page, const audit_leak *leak) {
    char text[512];
    audit_verdict(text, sizeof text, leak);
    html_section(page, "verdict", "Verdict");
    html_raw(page, "<p><strong>");
    html_text(page, text);
    html_raw(
        page,
        "</strong></p>\n"
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
    const row_table cues = audit_cues_table(leak, CUE_COUNT);
    heading(page, "Each cue alone");
    html_rows(page, &cues);
}

/* ---- files ---- */

static void write_files(html *page, const audit *findings) {
    const row_table files = audit_files_table(findings), making = audit_making_table(findings);
    html_section(page, "files", "Files");
    html_raw(page, "<p>Of each class in each split: the minimum, the median and the maximum.</p>\n");
    html_rows(page, &files);
    heading(page, "How they were made (pictures), and their mean colour (0 to 255)");
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
        html_text(page, error.message);
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
    begin_pictures(page);
    for (int c = 0; c < data->class_count; c++) write_mean(page, data, c);
    end_pictures(page);
}

/* ---- copies and outliers ---- */

/* A group is shown at its second member, all of it, one after the other. */
static bool is_second(const uint32_t *group, size_t i) {
    if (group[i] == i) return false;
    for (size_t k = group[i] + 1; k < i; k++)
        if (group[k] == group[i]) return false;
    return true;
}

static void write_copies(html *page, const audit *findings) {
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
    begin_pictures(page);
    int shown = 0;
    for (size_t i = 0; i < data->samples.count && shown < MAX_SHOWN_GROUPS; i++) {
        if (!is_second(copies->near, i)) continue;
        char remark[TEXT];
        snprintf(remark, sizeof remark, "group %d", ++shown);
        write_picture(page, data, copies->near[i], remark);
        for (size_t k = i; k < data->samples.count; k++)
            if (copies->near[k] == copies->near[i]) write_picture(page, data, k, remark);
    }
    end_pictures(page);
}

static void write_outliers(html *page, const audit_data *data, const class_outliers *all, const char *title) {
    heading(page, title);
    begin_pictures(page);
    int shown = 0;
    for (int c = 0; c < data->class_count; c++)
        for (int k = 0; k < all[c].count; k++, shown++) {
            const outlier *const it = &all[c].worst[k];
            char remark[TEXT];
            snprintf(remark, sizeof remark, "%.1f%s%s", it->score, it->cue >= 0 ? ", " : "",
                     it->cue >= 0 ? cue_name(it->cue) : "");
            write_picture(page, data, it->index, remark);
        }
    end_pictures(page);
    if (!shown) html_raw(page, "<p>None.</p>\n");
}

static void write_all_outliers(html *page, const audit *findings) {
    html_section(page, "outliers", "Pictures that stand out");
    html_raw(
        page,
        "<p>At most %d of each class, by a modified z-score above %.1f. They need not be wrong, but are worth a look.</p>\n",
        WORST, OUTLIER_SCORE);
    write_outliers(page, &findings->data, findings->colour, "In colour");
    if (findings->features)
        write_outliers(page, &findings->data, findings->features, "In the network's features");
    else
        html_raw(page, "<p>The network's features were not asked for (-w WEIGHTS).</p>\n");
}

/* ---- contact sheets ---- */

static void write_sheet(html *page, const audit_data *data, int label) {
    const size_t usable = data->usable[label], shown = usable < SHEET ? usable : SHEET;
    heading(page, data->classes[label]);
    if (shown < usable) html_raw(page, "<p>%zu of %zu pictures, evenly spread.</p>\n", shown, usable);
    begin_pictures(page);
    size_t seen = 0, written = 0;
    for (size_t i = 0; i < data->samples.count; i++) {
        if (data->samples.items[i].label != label || !data->facts[i].is_usable) continue;
        if (seen++ * shown / usable < written) continue;
        write_picture(page, data, i, "");
        written++;
    }
    end_pictures(page);
}

static void write_unusable(html *page, const audit_data *data) {
    if (!data->skipped) return;
    html_section(page, "unusable", "Pictures that cannot be used");
    html_raw(page, "<ul>\n");
    for (size_t i = 0; i < data->samples.count; i++) {
        if (data->facts[i].is_usable) continue;
        html_raw(page, "<li>");
        html_text(page, data->samples.items[i].path);
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
    const outcome code = report_open(&page, path, "Audit of a data set");
    if (code) return code;
    write_verdict(page, &findings->leak);
    write_cues(page, &findings->leak);
    write_files(page, findings);
    write_unusable(page, &findings->data);
    write_means(page, &findings->data);
    write_copies(page, findings);
    write_all_outliers(page, findings);
    html_section(page, "sheets", "Contact sheets");
    for (int c = 0; c < findings->data.class_count; c++) write_sheet(page, &findings->data, c);
    report_provenance(page, &(report_source){.pool = pool});
    return report_close(page);
}
