/* SPDX-License-Identifier: MIT */
/* 1x1 convolution with one level of Strassen-Winograd, with AArch64's NEON: tiles of 2 x 7 pixels, register
 * tiles of 7 pixels x 3 vectors of four channels, as in the blocked convolution. */
#define DNI_NEON
#define DNI_VECTOR_WIDTH 4
#define MICRO_VECTORS    3
#define MICRO_ROWS       7
#include "layers/kernels/conv1x1_strassen.inc"

DNI_CONV2D_KERNEL(conv1x1_f32_neon_strassen, NEON, TOLERANCE, .expands = true);
