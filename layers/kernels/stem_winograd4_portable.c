/* SPDX-License-Identifier: MIT */
/* The stem in plain GNU C: register tiles of 3 tiles x 12 channels. */
#define DNI_VECTOR_WIDTH 4
#define MICRO_VECTORS    3
#define MICRO_ROWS       3
#include "layers/kernels/stem_winograd4.inc"

DNI_CONV2D_KERNEL(stem_f32_portable_winograd4, PORTABLE, TOLERANCE);
