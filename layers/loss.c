/* Log-softmax and negative log-likelihood. A head has a handful of classes: sums are in double, which costs
 * nothing here. */
#include "layers/loss.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

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

void dni_nll_backward(const int *labels, int rows, int classes, float *gradient) {
    memset(gradient, 0, (size_t)rows * (size_t)classes * sizeof *gradient);
    for (int r = 0; r < rows; r++)
        gradient[(size_t)r * (size_t)classes + (size_t)labels[r]] = -1.0f / (float)rows;
}
