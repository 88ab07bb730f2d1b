/* The rectifier, max(0, x). */
#ifndef DN_LAYERS_ACTIVATION_H
#define DN_LAYERS_ACTIVATION_H

#include <stddef.h>

/* In place. NaN stays NaN, so that a diverged training shows. */
void dni_relu_forward(float *x, size_t count);

/* In place, from the gradient of the output to that of the input. `y` is the output: it is positive exactly
 * where the input was. The gradient at 0 is 0, as in torch. */
void dni_relu_backward(float *gradient, const float *y, size_t count);

#endif
