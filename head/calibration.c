/* SPDX-License-Identifier: MIT */
/* Whether probabilities mean what they say: the reliability diagram, its error, and temperature scaling (Guo,
 * Pleiss, Sun, Weinberger 2017, "On Calibration of Modern Neural Networks"). */
#include "head/metrics.h"
#include "head/prediction.h"

#include <math.h>
#include <stddef.h>

static int bin_of(double confidence) {
    const int bin = (int)ceil(confidence * DN_RELIABILITY_BINS) - 1;
    return bin < 0 ? 0 : bin < DN_RELIABILITY_BINS ? bin : DN_RELIABILITY_BINS - 1;
}

void dn_reliability_compute(dn_reliability *out, const float *log_probabilities, const int *labels, int count,
                            int classes) {
    if (!out) return;
    if (!log_probabilities || !labels) count = 0;
    *out = (dn_reliability){.error = count > 0 ? 0.0 : (double)NAN};
    double sums[DN_RELIABILITY_BINS] = {0.0};
    for (int i = 0; i < count; i++) {
        const float *row = log_probabilities + (size_t)i * (size_t)classes;
        const int prediction = dni_most_probable(row, classes);
        const double confidence = exp((double)row[prediction]);
        const int bin = bin_of(confidence);
        out->bins[bin].count++;
        out->bins[bin].correct += prediction == labels[i];
        sums[bin] += confidence;
    }
    for (int b = 0; b < DN_RELIABILITY_BINS; b++) {
        dn_reliability_bin *bin = &out->bins[b];
        bin->confidence = bin->count ? sums[b] / bin->count : (double)NAN;
        if (bin->count) out->error += fabs(bin->correct - sums[b]) / count;
    }
}

/* ---- temperature ---- */

/* First and second derivative of the mean loss by b = 1 / T. Of one picture, with q = softmax(b y): the
 * mean of y under q less y[label], and the variance of y under q. The loss is therefore convex in b. */
typedef struct slope {
    double first, second;
} slope;

static slope slope_at(double b, const float *y, const int *labels, int count, int classes) {
    slope sum = {0.0, 0.0};
    for (int i = 0; i < count; i++, y += classes) {
        const double top = (double)y[dni_most_probable(y, classes)];
        double weight = 0.0, mean = 0.0, square = 0.0; /* of y - top */
        for (int c = 0; c < classes; c++) {
            const double below = (double)y[c] - top, w = exp(b * below);
            weight += w;
            mean += w * below;
            square += w * below * below;
        }
        mean /= weight;
        sum.first += mean - ((double)y[labels[i]] - top);
        sum.second += square / weight - mean * mean;
    }
    return (slope){sum.first / count, sum.second / count};
}

/* Newton's method for the zero of the first derivative, which rises; where a step leaves the bracket, half
 * way on a logarithmic scale instead. */
double dn_temperature_fit(const float *log_probabilities, const int *labels, int count, int classes) {
    const float *y = log_probabilities;
    double low = 0.01, high = 100.0, b = 1.0;
    if (count <= 0 || !y || !labels) return (double)NAN;
    slope at = slope_at(b, y, labels, count, classes);
    if (at.first == 0.0) return 1.0;
    if (slope_at(low, y, labels, count, classes).first >= 0.0) return 1.0 / low;
    if (slope_at(high, y, labels, count, classes).first <= 0.0) return 1.0 / high;
    for (int step = 0; step < 100; step++) {
        if (at.first > 0.0)
            high = b;
        else
            low = b;
        double next = b - at.first / at.second;
        if (!(next > low && next < high)) next = sqrt(low * high);
        const int is_close = fabs(next - b) <= 1e-12 * b;
        b = next;
        if (is_close) break;
        at = slope_at(b, y, labels, count, classes);
    }
    return 1.0 / b;
}

void dn_temperature_apply(const float *log_probabilities, int count, int classes, double temperature,
                          float *out) {
    if (!log_probabilities || !out) return;
    for (int i = 0; i < count; i++, log_probabilities += classes, out += classes) {
        const double top = (double)log_probabilities[dni_most_probable(log_probabilities, classes)];
        double sum = 0.0;
        for (int c = 0; c < classes; c++) sum += exp(((double)log_probabilities[c] - top) / temperature);
        for (int c = 0; c < classes; c++)
            out[c] = (float)(((double)log_probabilities[c] - top) / temperature - log(sum));
    }
}
