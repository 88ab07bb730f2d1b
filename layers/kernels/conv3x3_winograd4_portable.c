/* SPDX-License-Identifier: MIT */
/* Winograd's F(4x4, 3x3) in plain GNU C: register tiles of 3 tiles x 12 channels, as in the blocked
 * convolution. */
#define DNI_VECTOR_WIDTH 4
#define MICRO_VECTORS    3
#define MICRO_ROWS       3
#include "layers/kernels/conv3x3_winograd4.inc"

DNI_CONV2D_KERNEL(conv3x3_f32_portable_winograd4, PORTABLE, TOLERANCE, .expands = true);

DNI_CONV2D_KERNEL_OF(conv3x3_f32_portable_winograd4_compact, PORTABLE, compact_size, pack_compact,
                     compact_scratch_size, run_compact, TOLERANCE);
