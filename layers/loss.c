/* SPDX-License-Identifier: MIT */
/* Log-softmax and cross-entropy. Sums are in double precision, which costs little, because a classifier has
 * few classes. */
#include "layers/loss.h"

#include <math.h>
#include <stddef.h>

void dni_log_softmax_forward(const float *x, int rows, int classes, float *out) {
    for (int r = 0; r < rows; r++, x += classes, out += classes) {
        float largest = x[0];
        for (int c = 1; c < classes; c++) largest = x[c] > largest ? x[c] : largest;
        double sum = 0.0;
        for (int c = 0; c < classes; c++) sum += exp((double)x[c] - (double)largest);
        const double log_sum = (double)largest + log(sum);
        for (int c = 0; c < classes; c++) out[c] = (float)((double)x[c] - log_sum);
    }
}

void dni_log_softmax_backward(float *gradient, const float *y, int rows, int classes) {
    for (int r = 0; r < rows; r++, gradient += classes, y += classes) {
        double sum = 0.0;
        for (int c = 0; c < classes; c++) sum += (double)gradient[c];
        for (int c = 0; c < classes; c++)
            gradient[c] = (float)((double)gradient[c] - exp((double)y[c]) * sum);
    }
}

double dni_nll_forward(const float *y, const int *labels, int rows, int classes) {
    double sum = 0.0;
    for (int r = 0; r < rows; r++) sum -= (double)y[(size_t)r * (size_t)classes + (size_t)labels[r]];
    return sum;
}

static double weight_of(const dni_cross_entropy *loss, int label) {
    return loss->weights ? (double)loss->weights[label] : 1.0;
}

double dni_cross_entropy_weight(const dni_cross_entropy *loss, const int *labels, int rows) {
    double sum = 0.0;
    for (int r = 0; r < rows; r++) sum += weight_of(loss, labels[r]);
    return sum;
}

double dni_cross_entropy_forward(const dni_cross_entropy *loss, const float *y, const int *labels, int rows,
                                 int classes) {
    const double s = (double)loss->smoothing;
    double sum = 0.0;
    for (int r = 0; r < rows; r++, y += classes) {
        sum -= (1.0 - s) * weight_of(loss, labels[r]) * (double)y[labels[r]];
        for (int c = 0; s > 0.0 && c < classes; c++) sum -= s / classes * weight_of(loss, c) * (double)y[c];
    }
    return sum;
}

void dni_cross_entropy_backward(const dni_cross_entropy *loss, const int *labels, int rows, int classes,
                                float *gradient) {
    const double s = (double)loss->smoothing;
    const double total = dni_cross_entropy_weight(loss, labels, rows);
    for (int r = 0; r < rows; r++, gradient += classes)
        for (int c = 0; c < classes; c++) {
            const double share = s / classes + (c == labels[r] ? 1.0 - s : 0.0);
            gradient[c] = (float)(-share * weight_of(loss, c) / total);
        }
}
