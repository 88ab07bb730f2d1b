/* SPDX-License-Identifier: MIT */
/* The stem with AVX2 and FMA: register tiles of 4 outputs x 24 channels. */
#define DNI_VECTOR_WIDTH 8
#define MICRO_VECTORS    3
#define MICRO_ROWS       4
#include "layers/kernels/stem_direct.inc"

DNI_CONV2D_KERNEL(stem_f32_avx2_direct, AVX2, TOLERANCE);
