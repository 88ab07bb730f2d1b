/* SPDX-License-Identifier: MIT */
/* The 1x1 convolution of bytes with NEON's dot product. A register tile of 7 pixels x 3 vectors of four
 * output channels, four quads of each pixel and three vectors of weights use 31 of the 32 registers. */
#define DNI_NEON
#define DNI_VECTOR_WIDTH 4
#define MICRO_ROWS       7
#define MICRO_VECTORS    3
#include "layers/kernels/conv1x1_int8.inc"

DNI_CONV2D_KERNEL(conv1x1_int8_neon_blocked, NEON, TOLERANCE, .precision = DNI_PRECISION_INT8,
                  .features = DNI_CPU_DOTPROD);
