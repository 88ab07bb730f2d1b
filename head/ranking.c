/* SPDX-License-Identifier: MIT */
/* How well a class's probability sorts pictures: ROC and precision-recall curves, the areas under them, and
 * the place to cut between two classes. Pictures of equal score are never told apart: they enter a curve
 * together. */
#include "head/metrics.h"

#include "core/error.h"

#include <math.h>
#include <stdlib.h>

typedef struct scored {
    double score;
    int is_positive;
} scored;

static double score_of(const float *row, int classes, int class_index) {
    const double own = (double)row[class_index];
    return classes == 2 ? own - (double)row[1 - class_index] : own;
}

static int by_falling_score(const void *a, const void *b) {
    const double x = ((const scored *)a)->score, y = ((const scored *)b)->score;
    return (x < y) - (x > y);
}

static dn_status no_memory(int count, dn_error *error) {
    return dni_no_memory(error, "ranking %d pictures", count);
}

dn_status dn_ranking_compute(dn_ranking *out, const float *log_probabilities, const int *labels, int count,
                             int classes, int class_index, dn_error *error) {
    DNI_NOT_NULL(error, out);
    *out = (dn_ranking){0};
    if (count <= 0) return DN_OK;
    DNI_NOT_NULL(error, log_probabilities);
    DNI_NOT_NULL(error, labels);
    scored *sorted = malloc((size_t)count * sizeof *sorted);
    out->points = malloc((size_t)count * sizeof *out->points);
    if (!sorted || !out->points) {
        free(sorted);
        dn_ranking_free(out);
        return no_memory(count, error);
    }
    for (int i = 0; i < count; i++)
        sorted[i] = (scored){score_of(log_probabilities + (size_t)i * (size_t)classes, classes, class_index),
                             labels[i] == class_index};
    qsort(sorted, (size_t)count, sizeof *sorted, by_falling_score);
    for (int i = 0; i < count; i++) {
        out->positives += sorted[i].is_positive;
        out->negatives += !sorted[i].is_positive;
        if (i + 1 == count || sorted[i + 1].score != sorted[i].score)
            out->points[out->count++] = (dn_ranking_point){sorted[i].score, out->positives, out->negatives};
    }
    free(sorted);
    return DN_OK;
}

void dn_ranking_free(dn_ranking *ranking) {
    if (!ranking) return;
    free(ranking->points);
    *ranking = (dn_ranking){0};
}

double dn_ranking_roc_auc(const dn_ranking *ranking) {
    if (!ranking || !ranking->positives || !ranking->negatives) return (double)NAN;
    double area = 0.0;
    dn_ranking_point before = {0};
    for (int i = 0; i < ranking->count; i++) {
        const dn_ranking_point at = ranking->points[i];
        area += 0.5 * (at.false_positives - before.false_positives) *
                ((double)at.true_positives + before.true_positives);
        before = at;
    }
    return area / ranking->positives / ranking->negatives;
}

double dn_ranking_average_precision(const dn_ranking *ranking) {
    if (!ranking || !ranking->positives || !ranking->negatives) return (double)NAN;
    double sum = 0.0;
    int before = 0;
    for (int i = 0; i < ranking->count; i++) {
        const dn_ranking_point at = ranking->points[i];
        const double precision = at.true_positives / ((double)at.true_positives + at.false_positives);
        sum += precision * (at.true_positives - before);
        before = at.true_positives;
    }
    return sum / ranking->positives;
}

dn_status dn_ranking_all(double *roc_auc, double *average_precision, const float *log_probabilities,
                         const int *labels, int count, int classes, dn_error *error) {
    DNI_NOT_NULL(error, roc_auc);
    DNI_NOT_NULL(error, average_precision);
    for (int c = 0; c < classes; c++) {
        dn_ranking ranking;
        const dn_status status =
            dn_ranking_compute(&ranking, log_probabilities, labels, count, classes, c, error);
        if (status) return status;
        roc_auc[c] = dn_ranking_roc_auc(&ranking);
        average_precision[c] = dn_ranking_average_precision(&ranking);
        dn_ranking_free(&ranking);
    }
    return DN_OK;
}

double dn_mean_defined(const double *values, int count) {
    if (!values) return (double)NAN;
    double sum = 0.0;
    int defined = 0;
    for (int i = 0; i < count; i++) {
        if (isnan(values[i])) continue;
        sum += values[i];
        defined++;
    }
    return defined ? sum / defined : (double)NAN;
}

/* ---- threshold ---- */

/* 2 P N times the balanced accuracy of predicting class 1 down to point i: whole numbers, so that equally
 * good cuts are found equal. */
static long long quality(const dn_ranking *r, int i) {
    const dn_ranking_point at = r->points[i];
    return (long long)at.true_positives * r->negatives +
           (long long)(r->negatives - at.false_positives) * r->positives;
}

/* The middle one of the best cuts behind points 0 to count - 2. */
static int best_cut(const dn_ranking *r) {
    long long best = -1;
    int found = 0;
    for (int i = 0; i + 1 < r->count; i++) {
        const long long here = quality(r, i);
        found = here > best ? 1 : found + (here == best);
        best = here > best ? here : best;
    }
    int middle = (found - 1) / 2;
    for (int i = 0;; i++)
        if (quality(r, i) == best && middle-- == 0) return i;
}

dn_status dn_threshold_fit(dn_threshold *out, const float *log_probabilities, const int *labels, int count,
                           dn_error *error) {
    DNI_NOT_NULL(error, out);
    *out = (dn_threshold){(double)NAN, (double)NAN, (double)NAN};
    dn_ranking r;
    const dn_status status = dn_ranking_compute(&r, log_probabilities, labels, count, 2, 1, error);
    if (status) return status;
    if (r.positives && r.negatives && r.count > 1) {
        const int cut = best_cut(&r);
        out->log_odds = 0.5 * (r.points[cut].score + r.points[cut + 1].score);
        out->probability = 1.0 / (1.0 + exp(-out->log_odds));
        out->balanced_accuracy = (double)quality(&r, cut) / (2.0 * r.positives * r.negatives);
    }
    dn_ranking_free(&r);
    return DN_OK;
}

void dn_threshold_confusion(const dn_threshold *threshold, const float *log_probabilities, const int *labels,
                            int count, int *confusion) {
    if (!confusion) return;
    for (int i = 0; i < 4; i++) confusion[i] = 0;
    if (!threshold || !log_probabilities || !labels) return;
    for (int i = 0; i < count; i++) {
        const int prediction = score_of(log_probabilities + 2 * (size_t)i, 2, 1) > threshold->log_odds;
        confusion[2 * labels[i] + prediction]++;
    }
}
