/* SPDX-License-Identifier: MIT */
/* The fully connected layer. */
#ifndef DN_LAYERS_LINEAR_H
#define DN_LAYERS_LINEAR_H

#include "core/pool.h"

#include <stddef.h>

/* y = x weight^T + bias. x: (rows, in), weight: (out, in), bias: (out), y: (rows, out); the rows of x and y
 * begin x_stride and y_stride floats behind each other. Every dot product is summed in one fixed order, so
 * that the bits depend neither on the number of threads nor on other rows. */
void dni_linear(const float *x, size_t x_stride, int rows, const float *weight, const float *bias, int in,
                int out, float *y, size_t y_stride, dni_pool *pool);

#endif
