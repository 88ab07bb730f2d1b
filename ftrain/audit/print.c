/* The audit as text: the verdict, then tables. */
#include "ftrain/audit/audit.h"
#include "ftrain/shell/options.h"
#include "ftrain/shell/outcome.h"
#include "ftrain/shell/quote.h"
#include "ftrain/shell/table.h"

#include <stdio.h>
#include <string.h>

enum { TEXT = 160 };

static void print_leak(const audit_leak *leak) {
    if (!leak->is_judged) return;
    printf(
        "\nCan labels be read from cues alone? (%d pictures, %d folds; the largest class alone gives %.3f)\n",
        leak->judged, FOLDS, leak->majority);
    text_table *const groups = table_create(5);
    const char *const heads[] = {"cues", "accuracy", "low", "high", "alarm"};
    for (int k = 0; k < 5; k++) table_text(groups, heads[k]);
    for (int g = 0; g < CUE_GROUPS; g++) {
        table_text(groups, cue_group_name(g));
        table_number(groups, "%.3f", leak->groups[g].accuracy);
        table_number(groups, "%.3f", leak->groups[g].accuracy_low);
        table_number(groups, "%.3f", leak->groups[g].accuracy_high);
        table_text(groups, leak->alarms[g] ? "ALARM" : "no");
    }
    table_print(groups);
    printf("\nStrongest cues, each alone\n");
    text_table *const cues = table_create(2);
    table_text(cues, "cue");
    table_text(cues, "AUC");
    for (int k = 0; k < 8; k++) {
        table_text(cues, cue_name(leak->ranks[k].cue));
        table_number(cues, "%.3f", leak->ranks[k].auc);
    }
    table_print(cues);
}

static void spread_cell(text_table *to, const spread *of, const char *format) {
    char text[TEXT];
    int at = 0;
    const double values[] = {of->least, of->median, of->most};
    for (int k = 0; k < 3; k++) {
        char number[32];
        snprintf(number, sizeof number, *format == 'i' ? "%.0f" : "%.2f", values[k]);
        at += snprintf(text + at, sizeof text - (size_t)at, k ? " %s" : "%s", number);
        if (of->least >= of->most) break; /* all the same */
    }
    table_text(to, text);
}

static void format_cell(text_table *to, const class_summary *of) {
    char text[TEXT];
    audit_formats(text, sizeof text, of);
    table_text(to, *text ? text : "-");
}

static void row_name(text_table *to, const audit_data *data, int part, int label) {
    char text[TEXT];
    audit_row_name(text, sizeof text, data, part, label);
    table_text(to, text);
}

static const class_summary *summary_of(const audit *of, int part, int label) {
    return &of->summaries[part * of->data.class_count + label];
}

static void print_files(const audit *of) {
    printf("\nFiles (least, median, most)\n");
    text_table *const to = table_create(8);
    const char *const heads[] = {"",      "pictures", "unusable",   "formats",
                                 "width", "height",   "bits/pixel", "JPEG quality"};
    for (int k = 0; k < 8; k++) table_text(to, heads[k]);
    for (int p = 0; p < of->data.part_count; p++) {
        for (int c = 0; c < of->data.class_count; c++) {
            const class_summary *const row = summary_of(of, p, c);
            row_name(to, &of->data, p, c);
            table_number(to, "%.0f", (double)row->count);
            table_number(to, "%.0f", (double)row->unusable);
            format_cell(to, row);
            spread_cell(to, &row->width, "i");
            spread_cell(to, &row->height, "i");
            spread_cell(to, &row->bits_per_pixel, "f");
            spread_cell(to, &row->quality, "i");
        }
    }
    table_print(to);
}

static void print_making(const audit *of) {
    printf("\nHow they were made (pictures), and their mean colour\n");
    const char *const heads[] = {"",        "4:4:4",  "4:2:2",    "4:2:0", "progressive", "grey", "EXIF",
                                 "rotated", "camera", "software", "ICC",   "XMP",         "R G B"};
    enum { COLUMNS = sizeof heads / sizeof *heads };
    text_table *const to = table_create(COLUMNS);
    for (int k = 0; k < COLUMNS; k++) table_text(to, heads[k]);
    for (int p = 0; p < of->data.part_count; p++) {
        for (int c = 0; c < of->data.class_count; c++) {
            const class_summary *const row = summary_of(of, p, c);
            const size_t counts[] = {row->chroma_full, row->chroma_half, row->chroma_quarter,
                                     row->progressive, row->grey,        row->exif,
                                     row->rotated,     row->camera,      row->software,
                                     row->icc,         row->xmp};
            row_name(to, &of->data, p, c);
            for (size_t k = 0; k < sizeof counts / sizeof *counts; k++)
                table_number(to, "%.0f", (double)counts[k]);
            char colour[TEXT];
            snprintf(colour, sizeof colour, "%.0f %.0f %.0f", row->mean[0], row->mean[1], row->mean[2]);
            table_text(to, colour);
        }
    }
    table_print(to);
}

enum { MOST_GROUPS = 10 };

static void print_path(const audit_data *data, size_t sample) {
    fputs("  ", stdout);
    quote_write(stdout, data->samples.items[sample].path);
}

/* The groups, worst first: those across classes, then across splits, then the rest. */
static void print_groups(const audit_data *data, const uint32_t *group) {
    int shown = 0;
    for (int pass = 0; pass < 3; pass++) {
        for (size_t i = 0; i < data->samples.count && shown < MOST_GROUPS; i++) {
            const size_t first = group[i];
            if (first == i) continue;
            const bool classes = data->samples.items[i].label != data->samples.items[first].label;
            const bool parts = audit_part(data, i) != audit_part(data, first);
            if ((classes ? 0 : parts ? 1 : 2) != pass) continue;
            print_path(data, first);
            print_path(data, i);
            printf("%s%s\n", classes ? "  (two classes!)" : "", parts ? "  (two splits!)" : "");
            shown++;
        }
    }
}

static void print_copies(const audit *of) {
    const audit_copies *const copies = &of->copies;
    printf(
        "\nCopies: same bytes %zu (groups across splits %zu, across classes %zu); same look %zu (%zu, %zu)\n",
        copies->same_count, copies->same_across_parts, copies->same_across_classes, copies->near_count,
        copies->near_across_parts, copies->near_across_classes);
    print_groups(&of->data, copies->near);
}

static void print_outliers(const audit *of, const class_outliers *all, const char *title) {
    printf("\n%s\n", title);
    bool any = false;
    for (int c = 0; c < of->data.class_count; c++) {
        for (int k = 0; k < all[c].count; k++) {
            const outlier *const it = &all[c].worst[k];
            printf("  %5.1f", it->score);
            print_path(&of->data, it->index);
            printf("%s%s\n", it->cue >= 0 ? "  by " : "", it->cue >= 0 ? cue_name(it->cue) : "");
            any = true;
        }
    }
    if (!any) puts("  none");
}

outcome audit_print(const audit *of) {
    char verdict[512];
    audit_verdict(verdict, sizeof verdict, &of->leak);
    puts(verdict);
    print_leak(&of->leak);
    print_files(of);
    print_making(of);
    print_copies(of);
    print_outliers(of, of->colour, "Outliers in colour (modified z-score)");
    if (of->features)
        print_outliers(of, of->features, "Outliers in features (modified z-score of the distance)");
    return OUTCOME_OK;
}
