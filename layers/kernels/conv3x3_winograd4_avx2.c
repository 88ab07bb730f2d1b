/* SPDX-License-Identifier: MIT */
/* Winograd's F(4x4, 3x3) with AVX2 and FMA: register tiles of 4 tiles x 24 channels use all 16 registers. */
#define DNI_VECTOR_WIDTH 8
#define MICRO_VECTORS    3
#define MICRO_ROWS       4
#include "layers/kernels/conv3x3_winograd4.inc"

DNI_CONV2D_KERNEL(conv3x3_f32_avx2_winograd4, AVX2, TOLERANCE, .expands = true);

DNI_CONV2D_KERNEL_OF(conv3x3_f32_avx2_winograd4_compact, AVX2, compact_size, pack_compact,
                     compact_scratch_size, run_compact, TOLERANCE);
