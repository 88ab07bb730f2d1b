/* SPDX-License-Identifier: MIT */
/* The 3x3 convolution of bytes with AVX512-VNNI, in register tiles of 7 pixels x 48 channels. */
#define DNI_VECTOR_WIDTH 16
#define MICRO_ROWS       7
#define MICRO_VECTORS    3
#include "layers/kernels/conv3x3_int8.inc"

DNI_CONV2D_KERNEL(conv3x3_int8_avx512_direct, AVX512, TOLERANCE, .precision = DNI_PRECISION_INT8,
                  .features = DNI_CPU_AVX512_VNNI);
