/* Every convolution kernel by name; layers/conv2d.c puts them in order. */
#ifndef DN_LAYERS_CONV2D_KERNELS_H
#define DN_LAYERS_CONV2D_KERNELS_H

#include "layers/conv2d.h"

extern const dni_conv2d_kernel dni_conv2d_f32_reference;

extern const dni_conv2d_kernel dni_conv2d_f32_portable_blocked;

#if defined(__x86_64__)
extern const dni_conv2d_kernel dni_conv2d_f32_avx2_blocked;
extern const dni_conv2d_kernel dni_conv2d_f32_avx512_blocked;
#endif

#endif
