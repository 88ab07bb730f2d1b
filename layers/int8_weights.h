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
    float up,
        down; /* beyond these errors an input channel's sum goes to the integer that is not the nearest */
} dni_int8_rounding;

/* For the weights of an output channel: (channels, taps), taps being at most 9. mean (channels): what is
 * expected of what they are multiplied by; NULL: all the same. */
dni_int8_rounding dni_int8_rounding_of(const float *weight, const float *mean, size_t channels, size_t taps);

/* Those of one input channel, (taps). */
void dni_int8_round(const dni_int8_rounding *rounding, const float *weight, size_t taps, int8_t *rounded);

#endif
