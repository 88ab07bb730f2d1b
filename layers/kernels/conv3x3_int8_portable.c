/* SPDX-License-Identifier: MIT */
/* The 3x3 convolution of bytes in plain GNU C: register tiles of 2 pixels x 8 channels, as its 1x1. */
#define DNI_VECTOR_WIDTH 4
#define MICRO_ROWS       2
#define MICRO_VECTORS    2
#include "layers/kernels/conv3x3_int8.inc"

DNI_CONV2D_KERNEL(conv3x3_int8_portable_direct, PORTABLE, TOLERANCE, .precision = DNI_PRECISION_INT8);
