/* The fully connected layer. */
#ifndef DN_LAYERS_LINEAR_H
#define DN_LAYERS_LINEAR_H

#include "core/pool.h"

/* y = x weight^T + bias. x: (rows, in), weight: (out, in), bias: (out), y: (rows, out), all dense. Every dot
 * product is summed in one fixed order, so that the bits depend neither on the number of threads nor on other
 * rows. */
void dni_linear(const float *x, int rows, const float *weight, const float *bias, int in, int out, float *y,
                dni_pool *pool);

#endif
