/* SPDX-License-Identifier: MIT */
/* Log-softmax and the cross-entropy, forward and backward. Matrices are (rows, classes), row-major.
 *
 * The cross-entropy is torch's CrossEntropyLoss with `weight` and `label_smoothing` s: the loss of row r with
 * label l is
 *
 *     loss(r) = -(1 - s) w[l] y[r, l] - s / classes * sum over c of w[c] y[r, c]
 *
 * and the mean over rows is the sum of these, divided by the sum of w[l]. So weights change how much the rows
 * count relative to each other, but not the size of a training step. Without weights and smoothing the loss
 * is the negative log-likelihood. */
#ifndef DN_LAYERS_LOSS_H
#define DN_LAYERS_LOSS_H

/* out = x - log(sum(exp(x))) by row; the largest x is subtracted first, so that no finite logits overflow.
 * out may be x. A row with a NaN or an infinite maximum gives NaN. */
void dni_log_softmax_forward(const float *x, int rows, int classes, float *out);

/* In place, from the gradient of the output y to that of the input: g - exp(y) * sum(g). */
void dni_log_softmax_backward(float *gradient, const float *y, int rows, int classes);

/* The negative log-likelihood: the SUM over rows of -y[label]. For the mean, the caller divides it by
 * rows. */
double dni_nll_forward(const float *y, const int *labels, int rows, int classes);

typedef struct dni_cross_entropy {
    const float *weights; /* (classes), each above 0; NULL: all 1 */
    float smoothing;      /* s above; 0 <= s < 1 */
} dni_cross_entropy;

/* The sum over rows of the weights of their labels; without weights it is `rows`. */
double dni_cross_entropy_weight(const dni_cross_entropy *loss, const int *labels, int rows);

/* The SUM over rows of loss(r), y being log-probabilities. */
double dni_cross_entropy_forward(const dni_cross_entropy *loss, const float *y, const int *labels, int rows,
                                 int classes);

/* The gradient of the MEAN with respect to y. */
void dni_cross_entropy_backward(const dni_cross_entropy *loss, const int *labels, int rows, int classes,
                                float *gradient);

#endif
