/* SPDX-License-Identifier: MIT */
/* The blocked convolution with AArch64's NEON. A register tile of 7 pixels x 3 vectors of four channels, a
 * vector of each pixel's row of A and three vectors of B use 31 of the 32 registers. Four steps of depth load
 * 7 + 12 vectors for 84 multiply-adds by lane, 4.4 for each load. Of the other tiles that fit, 6 x 4 has 4.4,
 * too, but no register left; 8 x 2 and 6 x 3 have 4.0, 5 x 4 has 3.8. 7 divides the feature maps of a 224x224
 * image (56, 28, 14, 7); three vectors divide 48, 96 and 192 channels. 21 sums are more than any CPU has
 * multiply-adds under way at once: 4 units of latency 4 have 16. */
#define DNI_NEON
#define DNI_VECTOR_WIDTH 4
#define MICRO_ROWS       7
#define MICRO_VECTORS    3
#include "layers/kernels/conv2d_blocked.inc"

DNI_CONV2D_KERNEL(conv2d_f32_neon_blocked, NEON, TOLERANCE);
