/* SPDX-License-Identifier: MIT */
/* ReLU, the rectified linear unit: max(0, x). */
#ifndef DN_LAYERS_ACTIVATION_H
#define DN_LAYERS_ACTIVATION_H

#include <stddef.h>

/* In place. NaN stays NaN, so that a training that diverges is noticed. */
void dni_relu_forward(float *x, size_t count);

/* In place: turns the gradient of the output into the gradient of the input. `y` is the output, which is
 * positive exactly where the input was. The gradient at 0 is 0, as in torch. */
void dni_relu_backward(float *gradient, const float *y, size_t count);

#endif
