/* SPDX-License-Identifier: MIT */
/* Winograd's F(4x4, 3x3) with AArch64's NEON: register tiles of 7 tiles x 12 channels use 31 of the 32
 * registers; a group of 28 tiles is four of them. */
#define DNI_NEON
#define DNI_VECTOR_WIDTH 4
#define MICRO_VECTORS    3
#define MICRO_ROWS       7
#include "layers/kernels/conv3x3_winograd4.inc"

DNI_CONV2D_KERNEL(conv3x3_f32_neon_winograd4, NEON, TOLERANCE, .expands = true);

DNI_CONV2D_KERNEL_OF(conv3x3_f32_neon_winograd4_compact, NEON, compact_size, pack_compact,
                     compact_scratch_size, run_compact, TOLERANCE);
