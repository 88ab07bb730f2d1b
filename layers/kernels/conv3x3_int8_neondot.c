/* SPDX-License-Identifier: MIT */
/* The 3x3 convolution of bytes with NEON's dot product, in register tiles of 7 pixels x 12 channels, as the
 * 1x1. */
#define DNI_NEON
#define DNI_VECTOR_WIDTH 4
#define MICRO_ROWS       7
#define MICRO_VECTORS    3
#include "layers/kernels/conv3x3_int8.inc"

DNI_CONV2D_KERNEL(conv3x3_int8_neon_direct, NEON, TOLERANCE, .precision = DNI_PRECISION_INT8,
                  .features = DNI_CPU_DOTPROD);
