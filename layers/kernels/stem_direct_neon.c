/* SPDX-License-Identifier: MIT */
/* The stem with AArch64's NEON: register tiles of 7 outputs x 12 channels; 16 of them are a row of 112
 * outputs. A row of the kernel, 21 numbers deep, is five vectors and one number. */
#define DNI_NEON
#define DNI_VECTOR_WIDTH 4
#define MICRO_VECTORS    3
#define MICRO_ROWS       7
#include "layers/kernels/stem_direct.inc"

DNI_CONV2D_KERNEL(stem_f32_neon_direct, NEON, TOLERANCE);
