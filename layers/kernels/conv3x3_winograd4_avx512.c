/* SPDX-License-Identifier: MIT */
/* Winograd's F(4x4, 3x3) with AVX-512: register tiles of 8 tiles x 48 channels use 28 of the 32 registers. */
#define DNI_VECTOR_WIDTH 16
#define MICRO_VECTORS    3
#define MICRO_ROWS       8
#include "layers/kernels/conv3x3_winograd4.inc"

DNI_CONV2D_KERNEL(conv3x3_f32_avx512_winograd4, AVX512, TOLERANCE, .expands = true);

DNI_CONV2D_KERNEL_OF(conv3x3_f32_avx512_winograd4_compact, AVX512, compact_size, pack_compact,
                     compact_scratch_size, run_compact, TOLERANCE);
