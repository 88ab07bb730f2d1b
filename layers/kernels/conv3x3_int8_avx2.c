/* SPDX-License-Identifier: MIT */
/* The 3x3 convolution of bytes with AVX2, in register tiles of 6 pixels x 16 channels, as the 1x1. */
#define DNI_VECTOR_WIDTH 8
#define MICRO_ROWS       6
#define MICRO_VECTORS    2
#include "layers/kernels/conv3x3_int8.inc"

DNI_CONV2D_KERNEL(conv3x3_int8_avx2_direct, AVX2, TOLERANCE, .precision = DNI_PRECISION_INT8);
