/* SPDX-License-Identifier: MIT */
/* The columns of an audit's tables. */
#include "ftrain/audit/tables.h"

#include "ftrain/shell/guessing.h"
#include "io/json.h"

#include <math.h>
#include <stdio.h>

/* ---- cells ---- */

static json_t *versus_json(const void *value) {
    return guessing_json(value);
}

/* "" where the set has no splits. */
static json_t *split_json(const void *value) {
    const char *const split = *(const char *const *)value;
    return *split ? json_string(split) : json_null();
}

static void show_likely(char *text, size_t size, const void *value) {
    const label_row *row = value;
    snprintf(text, size, "%s", row->likely ? row->likely : "-");
}

static json_t *likely_json(const void *value) {
    const label_row *row = value;
    return row->likely ? dni_json_text(row->likely) : json_null();
}

/* "24 30 40": minimum, median and maximum; one number where all are the same, "-" where there is none. */
static void show_range(char *text, size_t size, const range_summary *range, int digits) {
    if (isnan(range->median))
        snprintf(text, size, "-");
    else if (range->min < range->max)
        snprintf(text, size, "%.*f %.*f %.*f", digits, range->min, digits, range->median, digits, range->max);
    else
        snprintf(text, size, "%.*f", digits, range->min);
}

static void show_whole_range(char *text, size_t size, const void *value) {
    show_range(text, size, value, 0);
}

static void show_fine_range(char *text, size_t size, const void *value) {
    show_range(text, size, value, 2);
}

static json_t *range_json(const void *value) {
    const range_summary *range = value;
    if (isnan(range->median)) return json_null();
    return json_pack("{s:o, s:o, s:o}", "min", dni_json_number(range->min), "median",
                     dni_json_number(range->median), "max", dni_json_number(range->max));
}

/* "JPEG 24, PNG 4" */
static void show_formats(char *text, size_t size, const void *value) {
    const size_t *counts = value;
    size_t at = 0;
    snprintf(text, size, "-");
    for (int f = 0; f < DNI_IMAGE_FORMATS && at < size; f++)
        if (counts[f])
            at += (size_t)snprintf(text + at, size - at, "%s%s %zu", at ? ", " : "",
                                   dni_image_format_at((size_t)f)->name, counts[f]);
}

static json_t *formats_json(const void *value) {
    const size_t *counts = value;
    json_t *formats = json_object();
    for (int f = 0; f < DNI_IMAGE_FORMATS; f++)
        if (counts[f])
            dni_json_set(&formats, dni_image_format_at((size_t)f)->name, json_integer((json_int_t)counts[f]));
    return formats;
}

static void show_colour(char *text, size_t size, const void *value) {
    const double *mean = value;
    snprintf(text, size, "%.0f %.0f %.0f", mean[0], mean[1], mean[2]);
}

static json_t *colour_json(const void *value) {
    const double *mean = value;
    return json_pack("[o, o, o]", dni_json_number(mean[0]), dni_json_number(mean[1]),
                     dni_json_number(mean[2]));
}

static void show_alarm(char *text, size_t size, const void *value) {
    snprintf(text, size, "%s", *(const bool *)value ? "ALARM" : "no");
}

static void show_cue(char *text, size_t size, const void *value) {
    snprintf(text, size, "%s", cue_name(*(const int *)value));
}

static json_t *cue_json(const void *value) {
    return json_string(cue_name(*(const int *)value));
}

/* ---- tables ---- */

static row_table summaries_table(const audit *findings, const table_column *columns, int count) {
    const size_t rows = (size_t)findings->data.part_count * (size_t)findings->data.class_count;
    return (row_table){columns, count, findings->summaries, sizeof *findings->summaries, rows};
}

#define RANGE(title, key, member, shown)                                                                     \
    COLUMN(title, key, CELL_RECORD, class_summary, member, .show = shown, .json = range_json)

row_table audit_files_table(const audit *findings) {
    static const table_column columns[] = {
        COLUMN("", NULL, CELL_CHARS, class_summary, name),
        COLUMN(NULL, "split", CELL_TEXT, class_summary, split, .json = split_json),
        COLUMN(NULL, "class", CELL_TEXT, class_summary, class_name),
        COLUMN("pictures", "count", CELL_SIZE, class_summary, count),
        COLUMN("unusable", "unusable_count", CELL_SIZE, class_summary, unusable),
        COLUMN("formats", "formats", CELL_RECORD, class_summary, formats, .show = show_formats,
               .json = formats_json),
        RANGE("width", "width", width, show_whole_range),
        RANGE("height", "height", height, show_whole_range),
        RANGE(NULL, "bytes", bytes, NULL),
        RANGE("bits/pixel", "bits_per_pixel", bits_per_pixel, show_fine_range),
        RANGE("JPEG quality", "jpeg_quality", quality, show_whole_range),
    };
    return summaries_table(findings, columns, sizeof columns / sizeof *columns);
}

row_table audit_making_table(const audit *findings) {
    static const table_column columns[] = {
        COLUMN("", NULL, CELL_CHARS, class_summary, name),
        COLUMN("4:4:4", "chroma_444", CELL_SIZE, class_summary, chroma_full),
        COLUMN("4:2:2", "chroma_422", CELL_SIZE, class_summary, chroma_half),
        COLUMN("4:2:0", "chroma_420", CELL_SIZE, class_summary, chroma_quarter),
        COLUMN("progressive", "progressive", CELL_SIZE, class_summary, progressive),
        COLUMN("grey", "grey", CELL_SIZE, class_summary, grey),
        COLUMN("EXIF", "exif", CELL_SIZE, class_summary, exif),
        COLUMN("rotated", "orientation", CELL_SIZE, class_summary, rotated),
        COLUMN("camera", "camera", CELL_SIZE, class_summary, camera),
        COLUMN("software", "software", CELL_SIZE, class_summary, software),
        COLUMN("ICC", "icc", CELL_SIZE, class_summary, icc),
        COLUMN("XMP", "xmp", CELL_SIZE, class_summary, xmp),
        COLUMN("R G B", "mean_rgb", CELL_RECORD, class_summary, mean, .show = show_colour,
               .json = colour_json),
    };
    return summaries_table(findings, columns, sizeof columns / sizeof *columns);
}

row_table audit_groups_table(const audit_leak *leak) {
    static const table_column columns[] = {
        COLUMN("cues", NULL, CELL_TEXT, cue_group, name),
        COLUMN("accuracy", "accuracy", CELL_NUMBER, cue_group, metrics.accuracy, .format = "%.3f"),
        COLUMN("low", "accuracy_low", CELL_NUMBER, cue_group, metrics.accuracy_low, .format = "%.3f"),
        COLUMN("high", "accuracy_high", CELL_NUMBER, cue_group, metrics.accuracy_high, .format = "%.3f"),
        COLUMN("p (guessing)", NULL, CELL_NUMBER, cue_group, versus_largest.p_value, .show = show_p_value),
        COLUMN(NULL, "versus_largest_class", CELL_RECORD, cue_group, versus_largest, .json = versus_json),
        COLUMN("alarm", "alarm", CELL_FLAG, cue_group, alarm, .show = show_alarm),
    };
    return (row_table)ROWS(columns, leak->groups, CUE_GROUPS);
}

row_table audit_cues_table(const audit_leak *leak, int count) {
    static const table_column columns[] = {
        COLUMN("cue", "cue", CELL_RECORD, cue_rank, cue, .show = show_cue, .json = cue_json),
        COLUMN("AUC", "roc_auc", CELL_NUMBER, cue_rank, auc, .format = "%.3f"),
    };
    return (row_table)ROWS(columns, leak->ranks, count);
}

row_table audit_labels_table(const audit_labels *labels, bool suspected) {
    static const table_column columns[] = {
        COLUMN("split", "split", CELL_TEXT, label_row, split, .json = split_json),
        COLUMN("path", "path", CELL_TEXT, label_row, path),
        COLUMN("given", "given", CELL_TEXT, label_row, given),
        COLUMN("probability", "given_probability", CELL_NUMBER, label_row, given_probability),
        ROW_COLUMN("likely", "likely", .show = show_likely, .json = likely_json),
        COLUMN("probability", "likely_probability", CELL_NUMBER, label_row, likely_probability),
        COLUMN(NULL, "margin", CELL_NUMBER, label_row, margin),
    };
    const size_t first = (size_t)labels->check.suspected, all = (size_t)labels->check.count;
    return suspected ? (row_table)ROWS(columns, labels->rows, first)
                     : (row_table)ROWS(columns, labels->rows + first, all - first);
}
