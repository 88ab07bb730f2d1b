/* The report for programs. What is not defined is null. */
#include "ftrain/evaluate/print.h"
#include "ftrain/shell/output.h"

#include "io/json.h"

#include <math.h>

static json_t *number(double value) {
    return isfinite(value) ? json_real(value) : json_null();
}

/* "count", "correct", "accuracy", ... of predictions; "accuracy" of none is null. */
static json_t *judgement_json(const score_metrics *j) {
    const dn_metrics *m = &j->overall;
    return json_pack("{s:o, s:i, s:i, s:f, s:f, s:o}", "accuracy",
                     number(m->count ? m->accuracy : (double)NAN), "correct", m->correct, "count", m->count,
                     "accuracy_low", m->accuracy_low, "accuracy_high", m->accuracy_high, "balanced_accuracy",
                     number(j->balanced_accuracy));
}

static json_t *confusion_json(const int *confusion, int classes) {
    json_t *rows = json_array();
    for (int truth = 0; truth < classes; truth++) {
        json_t *row = json_array();
        for (int c = 0; c < classes; c++)
            json_array_append_new(row, json_integer(confusion[(size_t)truth * (size_t)classes + (size_t)c]));
        json_array_append_new(rows, row);
    }
    return rows;
}

static json_t *classes_json(const evaluation *of) {
    json_t *all = json_array();
    for (int c = 0; c < of->info->class_count; c++) {
        const dn_class_metrics *m = &of->metrics.classes[c];
        json_array_append_new(
            all, json_pack("{s:o, s:i, s:i, s:o, s:o, s:f, s:f, s:o, s:o, s:o}", "name",
                           dni_json_text(of->info->classes[c]), "count", m->count, "predicted", m->predicted,
                           "precision", number(m->precision), "recall", number(m->recall), "recall_low",
                           m->recall_low, "recall_high", m->recall_high, "f1", number(m->f1), "roc_auc",
                           number(of->roc_aucs[c]), "average_precision", number(of->average_precisions[c])));
    }
    return all;
}

/* The bins from low to high: the bin's end, its pictures, their accuracy and mean confidence. */
static json_t *reliability_json(const dn_reliability *r) {
    json_t *bins = json_array();
    for (int b = 0; b < DN_RELIABILITY_BINS; b++) {
        const dn_reliability_bin *bin = &r->bins[b];
        json_array_append_new(bins,
                              json_pack("{s:f, s:i, s:o, s:o}", "up_to", (b + 1.0) / DN_RELIABILITY_BINS,
                                        "count", bin->count, "accuracy",
                                        number(bin->count ? (double)bin->correct / bin->count : (double)NAN),
                                        "confidence", number(bin->confidence)));
    }
    return bins;
}

static json_t *temperature_json(const recalibration *c) {
    return json_pack("{s:f, s:s, s:i, s:o, s:f, s:o, s:o}", "temperature", c->temperature, "split", c->split,
                     "split_count", c->count, "loss", number(c->metrics.loss), "brier", c->metrics.brier,
                     "calibration_error", number(c->reliability.error), "reliability",
                     reliability_json(&c->reliability));
}

static json_t *threshold_json(const evaluation *of) {
    const recalibration *c = &of->recalibration;
    json_t *object = json_pack("{s:o, s:f, s:f, s:s, s:f}", "class", dni_json_text(of->info->classes[1]),
                               "probability", c->threshold.probability, "log_odds", c->threshold.log_odds,
                               "split", c->split, "split_balanced_accuracy", c->threshold.balanced_accuracy);
    json_t *judged = judgement_json(&c->at_threshold);
    json_object_update(object, judged);
    json_decref(judged);
    json_object_set_new(object, "confusion", confusion_json(c->at_threshold.confusion, 2));
    return object;
}

static json_t *robustness_json(const evaluation *of) {
    json_t *rows = json_array();
    for (int r = 0; r < of->row_count; r++) {
        const robustness_row *row = &of->rows[r];
        json_t *object = judgement_json(&row->metrics), *recall = json_object();
        for (int c = 0; c < of->info->class_count; c++)
            json_object_set_new(recall, of->info->classes[c], number(row->metrics.classes[c].recall));
        json_object_set_new(object, "perturbation", json_string(row->name));
        json_object_set_new(object, "change", number(row->metrics.overall.count ? row->change : (double)NAN));
        json_object_set_new(object, "loss", number(row->metrics.overall.loss));
        json_object_set_new(object, "roc_auc", number(row->roc_auc));
        json_object_set_new(object, "recall", recall);
        json_array_append_new(rows, object);
    }
    return rows;
}

bool evaluation_print_json(const evaluation *of) {
    json_t *object = judgement_json(&of->metrics);
    json_object_set_new(object, "loss", number(of->metrics.overall.loss));
    json_object_set_new(object, "brier", number(of->metrics.overall.brier));
    json_object_set_new(object, "calibration_error", number(of->reliability.error));
    json_object_set_new(object, "roc_auc", number(of->roc_auc));
    json_object_set_new(object, "average_precision", number(of->average_precision));
    json_object_set_new(object, "split", of->split ? dni_json_text(of->split) : json_null());
    json_object_set_new(object, "skipped", json_integer((json_int_t)of->skipped));
    json_object_set_new(object, "classes", classes_json(of));
    json_object_set_new(object, "confusion", confusion_json(of->metrics.confusion, of->info->class_count));
    json_object_set_new(object, "reliability", reliability_json(&of->reliability));
    json_object_set_new(object, "calibrated",
                        of->recalibration.split ? temperature_json(&of->recalibration) : json_null());
    json_object_set_new(object, "threshold",
                        of->recalibration.split && of->recalibration.at_threshold.confusion
                            ? threshold_json(of)
                            : json_null());
    if (of->row_count) json_object_set_new(object, "robustness", robustness_json(of));
    return print_json(object);
}
