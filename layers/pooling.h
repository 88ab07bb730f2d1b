/* Pooling that stands on its own; the other poolings of a DenseNet are drawn into its convolutions. */
#ifndef DN_LAYERS_POOLING_H
#define DN_LAYERS_POOLING_H

#include "core/pool.h"
#include "core/tensor.h"

/* What follows the last dense block: max(0, scale[c] * x + shift[c]), averaged over space, in one pass.
 *
 * x: (N, H, W, C) float32, stride[3] == 1, any other strides. features: (N, C). map, where not NULL, gets the
 * values before averaging, (N, H, W, C) dense. Each channel is summed pixel by pixel in double precision: the
 * bits depend neither on the pool's threads nor on the rest of the batch. */
void dni_bn_relu_global_avg_pool(const dni_tensor *x, const float *scale, const float *shift, float *features,
                                 float *map, dni_pool *pool);

#endif
