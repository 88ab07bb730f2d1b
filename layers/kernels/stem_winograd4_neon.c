/* SPDX-License-Identifier: MIT */
/* The stem with AArch64's NEON: register tiles of 7 tiles x 12 channels; 4 of them are a row of 112
 * outputs. A product for one row of the kernel, 6 numbers deep, is a vector and two numbers. */
#define DNI_NEON
#define DNI_VECTOR_WIDTH 4
#define MICRO_VECTORS    3
#define MICRO_ROWS       7
#include "layers/kernels/stem_winograd4.inc"

DNI_CONV2D_KERNEL(stem_f32_neon_winograd4, NEON, TOLERANCE);
