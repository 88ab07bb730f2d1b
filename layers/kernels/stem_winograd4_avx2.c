/* SPDX-License-Identifier: MIT */
/* The stem with AVX2 and FMA: register tiles of 4 tiles x 24 channels; 7 of them are a row of 112
 * outputs. */
#define DNI_VECTOR_WIDTH 8
#define MICRO_VECTORS    3
#define MICRO_ROWS       4
#include "layers/kernels/stem_winograd4.inc"

DNI_CONV2D_KERNEL(stem_f32_avx2_winograd4, AVX2, TOLERANCE);
