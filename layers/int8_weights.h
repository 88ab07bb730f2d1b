/* SPDX-License-Identifier: MIT */
/* Weights as bytes: those of an output channel become integers of -127 to 127 with a common scale. */
#ifndef DN_LAYERS_INT8_WEIGHTS_H
#define DN_LAYERS_INT8_WEIGHTS_H

#include <stddef.h>
#include <stdint.h>

/* How the weights of one output channel are rounded. */
typedef struct dni_int8_rounding {
    float scale;   /* a weight is about scale * integer */
    float inverse; /* integers a unit; both are 0 where all weights are */
} dni_int8_rounding;

/* For the `count` weights of an output channel. */
dni_int8_rounding dni_int8_rounding_of(const float *weight, size_t count);

/* One of them. */
int8_t dni_int8_round(const dni_int8_rounding *rounding, float weight);

#endif
