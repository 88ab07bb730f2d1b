/* SPDX-License-Identifier: MIT */
/* stb_image_resize with AVX2; no multiply-add is fused, so the bits are the baseline's. */
#define PASSES dni_stb_passes_avx2
#include "io/stb_passes.inc"
