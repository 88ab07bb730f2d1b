/* SPDX-License-Identifier: MIT */
/* The 1x1 convolution of bytes with AVX2. A register tile of 6 pixels x 2 vectors of eight output channels,
 * two vectors of weights, a pair of pixels and a product use all 16 registers. */
#define DNI_VECTOR_WIDTH 8
#define MICRO_ROWS       6
#define MICRO_VECTORS    2
#include "layers/kernels/conv1x1_int8.inc"

DNI_CONV2D_KERNEL(conv1x1_int8_avx2_blocked, AVX2, TOLERANCE, .precision = DNI_PRECISION_INT8);
