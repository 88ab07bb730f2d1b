/* SPDX-License-Identifier: MIT */
/* The result as one JSON object. What is not defined is null. */
#include "ftrain/evaluate/print.h"
#include "ftrain/evaluate/tables.h"
#include "ftrain/shell/output.h"

#include "io/json.h"

#include <math.h>
#include <stdlib.h>

static json_t *metrics_json(const evaluation *result, const score_metrics *metrics) {
    const scored_row row = scored_row_make(result, "", metrics);
    return scored_json(&row);
}

static json_t *probabilities_json(probability_row row) {
    const row_table table = probability_table(&row, 1);
    return row_json(&table, 0);
}

/* The matrix; null for more classes than are written. */
static json_t *confusion_json(const dni_confusion *from, int classes) {
    if (classes > DNI_CONFUSION_MATRIX_CLASSES) return json_null();
    int *matrix;
    json_t *rows = dni_confusion_matrix(&matrix, from, classes, NULL) ? NULL : json_array();
    for (int truth = 0; rows && truth < classes; truth++) {
        json_t *row = json_array();
        for (int c = 0; c < classes; c++)
            dni_json_append(&row, json_integer(matrix[(size_t)truth * (size_t)classes + (size_t)c]));
        dni_json_append(&rows, row);
    }
    free(matrix);
    return rows;
}

/* What the matrix of so many classes would hold beside its diagonal, which is in "classes". */
static json_t *confused_json(const evaluation *result) {
    dni_confusion pairs;
    json_t *list = dni_confusion_pairs(&pairs, &result->metrics.confusion, NULL) ? NULL : json_array();
    for (size_t i = 0; list && i < pairs.count; i++) {
        const dni_confusion_cell *cell = &pairs.cells[i];
        dni_json_append(&list, json_pack("{s:o, s:o, s:i}", "truth",
                                         dni_json_text(result->info->classes[cell->truth]), "class",
                                         dni_json_text(result->info->classes[cell->predicted]), "count",
                                         cell->count));
    }
    dni_confusion_free(&pairs);
    return list;
}

static json_t *classes_json(const evaluation *result) {
    class_row *all;
    const outcome code = evaluation_class_rows(&all, result);
    const row_table table = class_table(all, result->info->class_count);
    json_t *classes = code ? NULL : rows_json(&table);
    free(all);
    return classes;
}

/* The bins from low to high: the bin's end, its pictures, their accuracy and mean confidence. */
static json_t *reliability_json(const dn_reliability *r) {
    json_t *bins = json_array();
    for (int b = 0; b < DN_RELIABILITY_BINS; b++) {
        const dn_reliability_bin *bin = &r->bins[b];
        dni_json_append(
            &bins, json_pack("{s:f, s:i, s:o, s:o}", "up_to", (b + 1.0) / DN_RELIABILITY_BINS, "count",
                             bin->count, "accuracy",
                             dni_json_number(bin->count ? (double)bin->correct / bin->count : (double)NAN),
                             "confidence", dni_json_number(bin->confidence)));
    }
    return bins;
}

static json_t *temperature_json(const evaluation *result) {
    const recalibration *c = &result->recalibration;
    json_t *object = json_pack("{s:o, s:s, s:i}", "temperature", dni_json_number(c->temperature), "split",
                               c->split, "split_count", c->count);
    dni_json_update(&object, probabilities_json(probability_row_scaled(result)));
    dni_json_set(&object, "reliability", reliability_json(&c->reliability));
    return object;
}

static json_t *threshold_json(const evaluation *result) {
    const recalibration *c = &result->recalibration;
    json_t *object = json_pack("{s:o, s:o, s:o, s:s, s:o}", "class", dni_json_text(result->info->classes[1]),
                               "probability", dni_json_number(c->threshold.probability), "log_odds",
                               dni_json_number(c->threshold.log_odds), "split", c->split,
                               "split_balanced_accuracy", dni_json_number(c->threshold.balanced_accuracy));
    dni_json_update(&object, metrics_json(result, &c->at_threshold));
    dni_json_set(&object, "confusion", confusion_json(&c->at_threshold.confusion, 2));
    return object;
}

/* What was found of the model's own pictures and, as "without", the metrics of the others; null where there
 * are none of the former or none of the latter. */
static json_t *own_json(const evaluation *result) {
    const without_own *from = &result->without_own;
    json_t *object = own_pictures_json(&from->own), *without = json_null();
    if (!json_is_object(object)) return object;
    if (from->is_measured) {
        without = metrics_json(result, &from->metrics);
        dni_json_set(&without, "loss", dni_json_number(from->metrics.overall.loss));
        dni_json_set(&without, "roc_auc", dni_json_number(from->roc_auc));
    }
    dni_json_set(&object, "without", without);
    return object;
}

static json_t *robustness_json(const evaluation *result) {
    scored_columns columns;
    scored_columns_make(&columns, result, true);
    scored_row *all;
    const outcome code = robustness_rows_make(&all, result);
    json_t *perturbed = NULL;
    if (!code) {
        const row_table table =
            scored_table(&columns, all + 1, result->row_count); /* without the plain pictures */
        perturbed = rows_json(&table);
    }
    free(all);
    return perturbed;
}

static json_t *strangers_json(const strangers *others) {
    return json_pack("{s:o, s:i, s:i, s:o}", "folder", dni_json_text(others->folder), "count", others->count,
                     "unfamiliar_count", others->unfamiliar, "roc_auc", dni_json_number(others->roc_auc));
}

bool evaluation_print_json(const evaluation *result) {
    json_t *object = metrics_json(result, &result->metrics);
    dni_json_update(&object, probabilities_json(probability_row_plain(result)));
    dni_json_set(&object, "roc_auc", dni_json_number(result->roc_auc));
    dni_json_set(&object, "average_precision", dni_json_number(result->average_precision));
    dni_json_set(&object, "split", result->split ? dni_json_text(result->split) : json_null());
    dni_json_set(&object, "skipped", json_integer((json_int_t)result->skipped));
    dni_json_set(&object, "decisions", decisions_json(&result->decisions));
    if (result->unfamiliar >= 0) dni_json_set(&object, "unfamiliar_count", json_integer(result->unfamiliar));
    if (result->strangers.folder) dni_json_set(&object, "strangers", strangers_json(&result->strangers));
    dni_json_set(&object, "classes", classes_json(result));
    dni_json_set(&object, "confusion", confusion_json(&result->metrics.confusion, result->info->class_count));
    if (result->info->class_count > DNI_CONFUSION_MATRIX_CLASSES)
        dni_json_set(&object, "confused", confused_json(result));
    dni_json_set(&object, "reliability", reliability_json(&result->reliability));
    dni_json_set(&object, "calibrated", result->recalibration.split ? temperature_json(result) : json_null());
    dni_json_set(&object, "threshold",
                 result->recalibration.split && result->recalibration.at_threshold.classes
                     ? threshold_json(result)
                     : json_null());
    dni_json_set(&object, "own", own_json(result));
    if (result->sets.thresholds)
        dni_json_set(&object, "sets",
                     set_metrics_json(&result->set_metrics, &result->sets, result->info->class_count));
    if (result->row_count) dni_json_set(&object, "robustness", robustness_json(result));
    return print_json(object);
}
