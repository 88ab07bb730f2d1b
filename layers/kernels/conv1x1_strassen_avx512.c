/* SPDX-License-Identifier: MIT */
/* 1x1 convolution with one level of Strassen-Winograd, with AVX-512: tiles of 2 x 7 pixels, register tiles of
 * 7 pixels x 3 vectors of sixteen channels. */
#define DNI_VECTOR_WIDTH 16
#define MICRO_VECTORS    3
#define MICRO_ROWS       7
#include "layers/kernels/conv1x1_strassen.inc"

DNI_CONV2D_KERNEL(conv1x1_f32_avx512_strassen, AVX512, TOLERANCE, .expands = true);
