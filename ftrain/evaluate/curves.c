/* SPDX-License-Identifier: MIT */
/* ROC and precision-recall curves of evaluate --report: of two classes the second against the first; of more,
 * each against the rest. */
#include "ftrain/evaluate/report.h"
#include "ftrain/page/chart.h"
#include "ftrain/shell/new_array.h"
#include "head/curve.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* Of more classes than MAX_CURVES the page shows the mean and the WORST ones. */
enum { MAX_CURVES = MAX_SERIES, WORST = 5, PLACES = 101, LEGEND = 96 };

typedef struct curve {
    double *memory;                         /* what the others point into */
    double *fpr, *tpr, *recall, *precision; /* (count) */
    int count;
    char roc_name[LEGEND], pr_name[LEGEND];
} curve;

static bool is_defined(const evaluation *result, int c) {
    return !isnan(result->roc_aucs[c]);
}

static outcome allocate(curve *out, int count, const char *name, double roc_auc, double average_precision) {
    const size_t size = (size_t)count;
    *out = (curve){.memory = new_matrix(4, size, sizeof *out->memory), .count = count};
    if (!out->memory) return OUTCOME_MACHINE;
    out->fpr = out->memory;
    out->tpr = out->memory + size;
    out->recall = out->memory + 2 * size;
    out->precision = out->memory + 3 * size;
    snprintf(out->roc_name, sizeof out->roc_name, "%.60s, area %.3f", name, roc_auc);
    snprintf(out->pr_name, sizeof out->pr_name, "%.60s, average precision %.3f", name, average_precision);
    return OUTCOME_OK;
}

static outcome rank(dn_ranking *out, const evaluation *result, int c) {
    const scores *s = &result->scores;
    dn_error error;
    return dn_ranking_compute(out, s->log_probabilities, s->labels, s->count, result->info->class_count, c,
                              &error)
               ? report(&error, OUTCOME_MACHINE)
               : OUTCOME_OK;
}

/* The ROC curve begins in the corner; precision is not defined there. */
static outcome make_class_curve(curve *out, const evaluation *result, int c) {
    dn_ranking r;
    outcome code = rank(&r, result, c);
    if (code) return code;
    code = allocate(out, r.count + 1, result->info->classes[c], result->roc_aucs[c],
                    result->average_precisions[c]);
    if (!code) out->precision[0] = (double)NAN;
    for (int i = 0; !code && i < r.count; i++) {
        const dn_ranking_point *p = &r.points[i];
        out->fpr[i + 1] = (double)p->false_positives / r.negatives;
        out->tpr[i + 1] = out->recall[i + 1] = (double)p->true_positives / r.positives;
        out->precision[i + 1] = (double)p->true_positives / (p->true_positives + p->false_positives);
    }
    dn_ranking_free(&r);
    return code;
}

/* The mean over the classes of the true positive rates at one false positive rate, and of the precisions at
 * one recall. */
static outcome make_mean_curve(curve *out, const evaluation *result) {
    outcome code = allocate(out, PLACES, "mean over all classes", result->roc_auc, result->average_precision);
    int defined = 0;
    for (int i = 0; !code && i < PLACES; i++) out->fpr[i] = out->recall[i] = i / (PLACES - 1.0);
    for (int c = 0; !code && c < result->info->class_count; c++) {
        dn_ranking r = {.count = 0};
        if (!is_defined(result, c)) continue;
        code = rank(&r, result, c);
        for (int i = 0; !code && i < PLACES; i++) {
            out->tpr[i] += dni_roc_at(&r, out->fpr[i]);
            out->precision[i] += dni_precision_at(&r, out->recall[i]);
        }
        dn_ranking_free(&r);
        defined++;
    }
    for (int i = 0; !code && i < PLACES; i++) {
        out->tpr[i] /= defined;
        out->precision[i] /= defined;
    }
    return code;
}

/* ---- which ---- */

/* The classes with the lowest areas, the lowest first; of equals the first. */
static int choose_worst(const evaluation *result, int chosen[WORST]) {
    int count = 0;
    for (int c = 0; c < result->info->class_count; c++) {
        if (!is_defined(result, c)) continue;
        int at = count;
        while (at > 0 && result->roc_aucs[chosen[at - 1]] > result->roc_aucs[c]) at--;
        if (at == WORST) continue;
        if (count < WORST) count++;
        for (int k = count - 1; k > at; k--) chosen[k] = chosen[k - 1];
        chosen[at] = c;
    }
    return count;
}

static outcome make_curves(curve *out, int *count, const evaluation *result) {
    const int classes = result->info->class_count;
    int chosen[MAX_CURVES], wanted = 0;
    outcome code = OUTCOME_OK;
    *count = 0;
    if (classes > MAX_CURVES) {
        code = make_mean_curve(&out[(*count)++], result);
        wanted = choose_worst(result, chosen);
    } else {
        for (int c = classes == 2; c < classes; c++)
            if (is_defined(result, c)) chosen[wanted++] = c;
    }
    for (int k = 0; !code && k < wanted; k++) code = make_class_curve(&out[(*count)++], result, chosen[k]);
    return code;
}

/* ---- the section ---- */

static void write_text(html *page, const evaluation *result) {
    const int classes = result->info->class_count;
    if (classes == 2) {
        html_raw(page, "<p>How well the probability of <em>");
        html_text(page, result->info->classes[1]);
        html_raw(page, "</em> sorts its pictures before the others, whatever the threshold.</p>\n");
        return;
    }
    html_raw(
        page,
        "<p>How well the probability of a class sorts its pictures before all others, whatever the threshold: "
        "each class against the rest.</p>\n");
    if (classes > MAX_CURVES)
        html_raw(
            page,
            "<p>Of the %d classes these are the %d with the smallest area under the ROC curve, and the mean over "
            "all: of the true positive rates at each false positive rate, and of the precisions at each recall. "
            "The areas of all classes are in <a href=\"#classes\">Class by class</a>.</p>\n",
            classes, WORST);
}

static void write_charts(html *page, const curve *curves, int count) {
    chart_lines chart = {.title = "ROC curve",
                         .x_label = "false positive rate",
                         .y_label = "true positive rate",
                         .series_count = count,
                         .low = 0,
                         .high = 1,
                         .marked = (double)NAN,
                         .diagonal = true};
    html_raw(page, "<div class=\"grid\">\n");
    for (int k = 0; k < count; k++)
        chart.series[k] = (chart_series){curves[k].roc_name, curves[k].fpr, curves[k].tpr, curves[k].count};
    chart_write_lines(page, &chart);
    chart.title = "Precision and recall";
    chart.x_label = "recall";
    chart.y_label = "precision";
    chart.diagonal = false;
    for (int k = 0; k < count; k++)
        chart.series[k] =
            (chart_series){curves[k].pr_name, curves[k].recall, curves[k].precision, curves[k].count};
    chart_write_lines(page, &chart);
    html_raw(page, "</div>\n");
}

outcome evaluation_write_curves(html *page, const evaluation *result) {
    if (isnan(result->roc_auc)) return OUTCOME_OK;
    curve curves[MAX_CURVES] = {{.count = 0}};
    int count;
    const outcome code = make_curves(curves, &count, result);
    if (!code) {
        html_section(page, "ranking", "Ranking");
        write_text(page, result);
        write_charts(page, curves, count);
    }
    for (int k = 0; k < count; k++) free(curves[k].memory);
    return code;
}
