/* SPDX-License-Identifier: MIT */
/* Counting sets. */
#include "ftrain/evaluate/set_metrics.h"

#include "ftrain/shell/new_array.h"
#include "head/metrics.h"
#include "io/json.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static void count_set(set_row *row, bool held, int size) {
    row->count++;
    row->held += held;
    row->classes += size;
    row->empty += size == 0;
    row->several += size > 1;
}

static void summarise(set_row *row) {
    const double nothing = (double)NAN;
    row->coverage = row->count ? (double)row->held / row->count : nothing;
    row->mean_size = row->count ? row->classes / row->count : nothing;
    row->coverage_low = row->coverage_high = nothing;
    if (row->count) dn_wilson_interval(row->held, row->count, &row->coverage_low, &row->coverage_high);
}

outcome set_metrics_compute(set_metrics *out, const class_sets *sets, const scores *from,
                            const dn_classifier_info *info) {
    *out = (set_metrics){.classes = NULL};
    if (!sets->thresholds) return OUTCOME_OK;
    const int classes = info->class_count;
    out->classes = new_array((size_t)classes, sizeof *out->classes);
    if (!out->classes) return OUTCOME_MACHINE;
    for (int i = 0; i < from->count; i++) {
        const float *row = from->log_probabilities + (size_t)i * (size_t)classes;
        const int truth = from->labels[i];
        int size = 0;
        for (int c = 0; c < classes; c++) size += expf(row[c]) >= sets->thresholds[c];
        const bool held = expf(row[truth]) >= sets->thresholds[truth];
        count_set(&out->all, held, size);
        count_set(&out->classes[truth], held, size);
    }
    summarise(&out->all);
    for (int c = 0; c < classes; c++) {
        out->classes[c].name = info->classes[c];
        summarise(&out->classes[c]);
    }
    return OUTCOME_OK;
}

void set_metrics_free(set_metrics *metrics) {
    free(metrics->classes);
}

/* ---- telling ---- */

/* The columns of both the object of all pictures and of each class. */
#define SET_COLUMNS                                                                                          \
    COLUMN("pictures", "count", CELL_INT, set_row, count), COLUMN(NULL, "held", CELL_INT, set_row, held),    \
        COLUMN("coverage", "coverage", CELL_NUMBER, set_row, coverage),                                      \
        COLUMN("95 % from", "coverage_low", CELL_NUMBER, set_row, coverage_low),                             \
        COLUMN("to", "coverage_high", CELL_NUMBER, set_row, coverage_high),                                  \
        COLUMN("mean size", "mean_size", CELL_NUMBER, set_row, mean_size),                                   \
        COLUMN("empty", "empty", CELL_INT, set_row, empty),                                                  \
        COLUMN("several", "several", CELL_INT, set_row, several)

row_table set_table(const set_row *first, int count) {
    static const table_column columns[] = {COLUMN("class", "class", CELL_TEXT, set_row, name), SET_COLUMNS};
    return (row_table)ROWS(columns, first, count);
}

void set_metrics_title(char *text, size_t size, const class_sets *sets) {
    static const char *const whose[] = {"", " that chose the epoch, too", " that did not choose the epoch"};
    snprintf(text, size, "sets at coverage %g%s, calibrated on %d pictures%s", sets->coverage,
             sets->per_class ? " of each class" : "", sets->calibration, whose[sets->apart + 1]);
}

json_t *set_metrics_json(const set_metrics *metrics, const class_sets *sets, int classes) {
    static const table_column columns[] = {SET_COLUMNS};
    const row_table all = ROWS(columns, &metrics->all, 1), each = set_table(metrics->classes, classes);
    json_t *object = json_pack("{s:f, s:b, s:i, s:o}", "asked", sets->coverage, "per_class",
                               (int)sets->per_class, "calibration_count", sets->calibration,
                               "calibrated_apart", sets->apart < 0 ? json_null() : json_boolean(sets->apart));
    dni_json_update(&object, row_json(&all, 0));
    dni_json_set(&object, "classes", rows_json(&each));
    return object;
}
