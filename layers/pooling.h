/* SPDX-License-Identifier: MIT */
/* Global average pooling. The other poolings of a DenseNet are fused with its convolutions
 * (layers/conv2d.h). */
#ifndef DN_LAYERS_POOLING_H
#define DN_LAYERS_POOLING_H

#include "core/pool.h"
#include "core/tensor.h"

#include <stddef.h>

/* Where the results go; strides are floats from one image to the next. */
typedef struct dni_pooled {
    float *features; /* (N, C) */
    size_t features_stride;
    float *map; /* (N, H, W, C), the values before averaging; NULL: nowhere */
    size_t map_stride;
} dni_pooled;

/* The layers behind the last dense block, in one pass: max(0, scale[c] * x + shift[c]), averaged over all
 * pixels.
 *
 * x: (N, H, W, C) float32, stride[3] == 1, any other strides. Each channel is summed pixel by pixel in double
 * precision, so that the bits depend neither on the number of threads nor on the rest of the batch. */
void dni_bn_relu_global_avg_pool(const dni_tensor *x, const float *scale, const float *shift, dni_pooled out,
                                 dni_pool *pool);

#endif
