/* SPDX-License-Identifier: MIT */
/* The prologues of a convolution, for one vector of channels.
 *
 * The includer defines DNI_VECTOR_WIDTH. x points to the first of VW channels of a pixel. */
#ifndef DN_LAYERS_KERNELS_PROLOGUE_H
#define DN_LAYERS_KERNELS_PROLOGUE_H

#include "layers/kernels/vector.h"

DNI_INLINE vec bn_relu(const float *x, vec scale, vec shift) {
    return vec_relu(vec_fma(scale, vec_load(x), shift));
}

/* The mean of bn_relu() over 2x2 pixels, x being the upper left one; `right` and `down` are the floats to the
 * pixel on the right and to the pixel below. */
DNI_INLINE vec bn_relu_avgpool(const float *x, int64_t right, int64_t down, vec scale, vec shift) {
    const vec upper = bn_relu(x, scale, shift) + bn_relu(x + right, scale, shift);
    const vec lower = bn_relu(x + down, scale, shift) + bn_relu(x + down + right, scale, shift);
    return (upper + lower) * 0.25f;
}

#endif
