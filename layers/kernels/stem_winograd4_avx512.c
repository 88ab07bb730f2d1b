/* SPDX-License-Identifier: MIT */
/* The stem with AVX-512: register tiles of 7 tiles x 48 channels; 4 of them are a row of 112 outputs. */
#define DNI_VECTOR_WIDTH 16
#define MICRO_VECTORS    3
#define MICRO_ROWS       7
#include "layers/kernels/stem_winograd4.inc"

DNI_CONV2D_KERNEL(stem_f32_avx512_winograd4, AVX512, TOLERANCE);
