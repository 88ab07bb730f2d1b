/* SPDX-License-Identifier: MIT */
/* ReLU, forward and backward. */
#include "layers/activation.h"

void dni_relu_forward(float *x, size_t count) {
    for (size_t i = 0; i < count; i++) x[i] = x[i] < 0.0f ? 0.0f : x[i];
}

void dni_relu_backward(float *gradient, const float *y, size_t count) {
    for (size_t i = 0; i < count; i++) gradient[i] = y[i] > 0.0f ? gradient[i] : 0.0f;
}
