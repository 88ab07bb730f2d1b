/* SPDX-License-Identifier: MIT */
/* The addresses of pixels, for 1x1 convolutions that compute pixels in register tiles, whatever the shape of
 * the images. Pixels are counted through all images of the batch. */
#ifndef DN_LAYERS_KERNELS_PIXELS_H
#define DN_LAYERS_KERNELS_PIXELS_H

#include "layers/conv2d.h"

static inline int64_t pixel_count(const dni_tensor *y) {
    return y->shape[0] * y->shape[1] * y->shape[2];
}

/* The addresses of pixels first .. first + count - 1 in x (the upper left one of four, with 2x2 averaging)
 * and in y. Pixel `first` exists; those beyond the last repeat it in x, and in y they are `dummy`. */
static inline void find_pixels(const dni_conv2d *conv, const dni_tensor *x, const dni_tensor *y,
                               int64_t first, int count, float *dummy, const float **from, float **to) {
    const int64_t *xs = x->stride, *ys = y->stride;
    const int64_t width = y->shape[2], image = y->shape[1] * width, all = pixel_count(y);
    const int64_t step = conv->prologue == DNI_PROLOGUE_BN_RELU_AVGPOOL ? 2 : 1;
    int64_t n = first / image, row = first % image / width, column = first % width;
    for (int i = 0; i < count; i++) {
        const bool exists = first + i < all;
        from[i] = exists ? (const float *)x->data + n * xs[0] + row * step * xs[1] + column * step * xs[2]
                         : from[i - 1];
        to[i] = exists ? (float *)y->data + n * ys[0] + row * ys[1] + column * ys[2] : dummy;
        if (++column < width) continue;
        column = 0;
        if (++row < y->shape[1]) continue;
        row = 0;
        n++;
    }
}

#endif
