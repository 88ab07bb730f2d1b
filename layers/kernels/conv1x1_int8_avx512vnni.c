/* SPDX-License-Identifier: MIT */
/* The 1x1 convolution of bytes with AVX512-VNNI. The register tile of 7 pixels x 48 channels has 21 sums; a
 * quad of depth loads three vectors of weights and broadcasts seven quads of pixels. 7 divides 49, 196, 784
 * and 3136 pixels. */
#define DNI_VECTOR_WIDTH 16
#define MICRO_ROWS       7
#define MICRO_VECTORS    3
#include "layers/kernels/conv1x1_int8.inc"

DNI_CONV2D_KERNEL(conv1x1_int8_avx512_blocked, AVX512, TOLERANCE, .precision = DNI_PRECISION_INT8,
                  .features = DNI_CPU_AVX512_VNNI);
