/* SPDX-License-Identifier: MIT */
/* 1x1 convolution with one level of Strassen-Winograd, with AVX2 and FMA: tiles of 2 x 4 pixels, register
 * tiles of 4 pixels x 3 vectors of eight channels. */
#define DNI_VECTOR_WIDTH 8
#define MICRO_VECTORS    3
#define MICRO_ROWS       4
#include "layers/kernels/conv1x1_strassen.inc"

DNI_CONV2D_KERNEL(conv1x1_f32_avx2_strassen, AVX2, TOLERANCE, .expands = true);
