/* SPDX-License-Identifier: MIT */
/* The 1x1 convolution of bytes with AVX-VNNI. A register tile of 4 pixels x 3 vectors of eight output
 * channels, three vectors of weights and a quad of a pixel use all 16 registers. */
#define DNI_VECTOR_WIDTH 8
#define MICRO_ROWS       4
#define MICRO_VECTORS    3
#include "layers/kernels/conv1x1_int8.inc"

DNI_CONV2D_KERNEL(conv1x1_int8_avxvnni_blocked, AVX2, TOLERANCE, .precision = DNI_PRECISION_INT8,
                  .features = DNI_CPU_AVX_VNNI);
