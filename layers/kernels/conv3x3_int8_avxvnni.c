/* SPDX-License-Identifier: MIT */
/* The 3x3 convolution of bytes with AVX-VNNI, in register tiles of 4 pixels x 24 channels, as the 1x1. */
#define DNI_VECTOR_WIDTH 8
#define MICRO_ROWS       4
#define MICRO_VECTORS    3
#include "layers/kernels/conv3x3_int8.inc"

DNI_CONV2D_KERNEL(conv3x3_int8_avxvnni_direct, AVX2, TOLERANCE, .precision = DNI_PRECISION_INT8,
                  .features = DNI_CPU_AVX_VNNI);
