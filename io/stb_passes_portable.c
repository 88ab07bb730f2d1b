/* SPDX-License-Identifier: MIT */
/* stb_image_resize with the compiler's baseline. */
#define PASSES dni_stb_passes_portable
#include "io/stb_passes.inc"
