/* SPDX-License-Identifier: MIT */
/* The blocked convolution with AVX2 and FMA. A register tile of 4 pixels x 3 vectors of eight channels, three
 * vectors of B and a number of A fill all 16 registers; 48 channels are two blocks. */
#define DNI_VECTOR_WIDTH 8
#define MICRO_ROWS       4
#define MICRO_VECTORS    3
#include "layers/kernels/conv2d_blocked.inc"

DNI_CONV2D_KERNEL(conv2d_f32_avx2_blocked, AVX2, TOLERANCE);
