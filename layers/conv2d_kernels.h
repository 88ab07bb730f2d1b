/* Every convolution kernel by name, and what they share; layers/conv2d.c puts them in order. */
#ifndef DN_LAYERS_CONV2D_KERNELS_H
#define DN_LAYERS_CONV2D_KERNELS_H

#include "layers/conv2d.h"

/* Splits `threads` into ranges of units (tiles of pixels) times ranges of blocks (of output channels) such
 * that the largest share is smallest, and among equals with the fewest ranges of blocks, each of which gathers
 * its pixels anew. */
void dni_conv2d_split(int64_t units, int blocks, int threads, int *unit_ranges, int *block_ranges);

extern const dni_conv2d_kernel dni_conv2d_f32_reference;

extern const dni_conv2d_kernel dni_conv2d_f32_portable_blocked;
extern const dni_conv2d_kernel dni_conv1x1_f32_portable_strassen;
extern const dni_conv2d_kernel dni_conv3x3_f32_portable_winograd4_compact;
extern const dni_conv2d_kernel dni_conv3x3_f32_portable_winograd4;
extern const dni_conv2d_kernel dni_stem_f32_portable_direct;

#if defined(__x86_64__)
extern const dni_conv2d_kernel dni_conv2d_f32_avx2_blocked;
extern const dni_conv2d_kernel dni_conv1x1_f32_avx2_strassen;
extern const dni_conv2d_kernel dni_conv3x3_f32_avx2_winograd4_compact;
extern const dni_conv2d_kernel dni_conv3x3_f32_avx2_winograd4;
extern const dni_conv2d_kernel dni_stem_f32_avx2_direct;
extern const dni_conv2d_kernel dni_conv2d_f32_avx512_blocked;
extern const dni_conv2d_kernel dni_conv1x1_f32_avx512_strassen;
extern const dni_conv2d_kernel dni_conv3x3_f32_avx512_winograd4_compact;
extern const dni_conv2d_kernel dni_conv3x3_f32_avx512_winograd4;
extern const dni_conv2d_kernel dni_stem_f32_avx512_direct;
extern const dni_conv2d_kernel dni_conv1x1_bf16_avx512_blocked;
extern const dni_conv2d_kernel dni_conv3x3_bf16_avx512_winograd2x4;
#endif

#endif
