/* Log-softmax and the negative log-likelihood, forward and backward. Matrices are (rows, classes), row-major.
 */
#ifndef DN_LAYERS_LOSS_H
#define DN_LAYERS_LOSS_H

/* out = x - log(sum(exp(x))) by row; the largest x is taken out first, so logits of any finite size are fine.
 * May work in place. A row with a NaN or an infinite maximum gives NaN. */
void dni_log_softmax_forward(const float *x, int rows, int classes, float *out);

/* In place, from the gradient of the output y to that of the input: g - exp(y) * sum(g). */
void dni_log_softmax_backward(float *gradient, const float *y, int rows, int classes);

/* The SUM over rows of -y[label]; the mean is the caller's division. */
double dni_nll_forward(const float *y, const int *labels, int rows, int classes);

/* The gradient of the MEAN over rows: -1 / rows at the label, 0 elsewhere. */
void dni_nll_backward(const int *labels, int rows, int classes, float *gradient);

#endif
