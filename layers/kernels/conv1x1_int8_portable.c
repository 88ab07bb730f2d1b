/* SPDX-License-Identifier: MIT */
/* The 1x1 convolution of bytes in plain GNU C: register tiles of 2 pixels x 8 channels, which with their
 * factors fill SSE2's 16 registers. */
#define DNI_VECTOR_WIDTH 4
#define MICRO_ROWS       2
#define MICRO_VECTORS    2
#include "layers/kernels/conv1x1_int8.inc"

DNI_CONV2D_KERNEL(conv1x1_int8_portable_blocked, PORTABLE, TOLERANCE, .precision = DNI_PRECISION_INT8);
