/* SPDX-License-Identifier: MIT */
/* The blocked convolution with AVX-512. A register tile of 7 pixels x 3 vectors of sixteen channels, three
 * vectors of B and a number of A use 25 of the 32 registers. 7 divides the feature maps of a 224x224 image
 * (56, 28, 14, 7), and three vectors are the growth rate of DenseNet-161, 48: so it needs no register tile
 * that is filled in part. */
#define DNI_VECTOR_WIDTH 16
#define MICRO_ROWS       7
#define MICRO_VECTORS    3
#include "layers/kernels/conv2d_blocked.inc"

DNI_CONV2D_KERNEL(conv2d_f32_avx512_blocked, AVX512, TOLERANCE);
