/* SPDX-License-Identifier: MIT */
/* The blocked convolution in plain GNU C. A register tile of 3 pixels x 3 vectors of four channels leaves
 * enough of SSE2's 16 registers for three vectors of B, a number of A and, without a fused multiply-add, a
 * product; 48 channels are four blocks. */
#define DNI_VECTOR_WIDTH 4
#define MICRO_ROWS       3
#define MICRO_VECTORS    3
#include "layers/kernels/conv2d_blocked.inc"

DNI_CONV2D_KERNEL(conv2d_f32_portable_blocked, PORTABLE, TOLERANCE);
