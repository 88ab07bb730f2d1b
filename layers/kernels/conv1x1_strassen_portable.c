/* SPDX-License-Identifier: MIT */
/* 1x1 convolution with one level of Strassen-Winograd, in plain GNU C: tiles of 2 x 3 pixels, register tiles
 * of 3 pixels x 3 vectors of four channels. */
#define DNI_VECTOR_WIDTH 4
#define MICRO_VECTORS    3
#define MICRO_ROWS       3
#include "layers/kernels/conv1x1_strassen.inc"

DNI_CONV2D_KERNEL(conv1x1_f32_portable_strassen, PORTABLE, TOLERANCE, .expands = true);
