/* SPDX-License-Identifier: MIT */
/* Symmetric rounding to the nearest: the largest weight of a channel becomes 127 or -127. */
#include "layers/int8_weights.h"

#include <math.h>

enum { LARGEST = 127 };

/* A channel that is smaller than this is taken for zeros, so that nothing overflows. */
static const float smallest = 0x1p-100f;

dni_int8_rounding dni_int8_rounding_of(const float *weight, size_t count) {
    float largest = 0.0f;
    for (size_t i = 0; i < count; i++) largest = fmaxf(largest, fabsf(weight[i]));
    if (largest < smallest) return (dni_int8_rounding){0.0f, 0.0f};
    return (dni_int8_rounding){.scale = largest / LARGEST, .inverse = LARGEST / largest};
}

int8_t dni_int8_round(const dni_int8_rounding *rounding, float weight) {
    return (int8_t)lrintf(weight * rounding->inverse);
}
