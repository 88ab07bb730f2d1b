/* SPDX-License-Identifier: MIT */
/* Maps of bytes and convolutions of them, which the network of onednn_int8.c is put together from. */
#ifndef BENCH_PEERS_ONEDNN_INT8_H
#define BENCH_PEERS_ONEDNN_INT8_H

#include "bench/peers/onednn.h"

/* An integer q stands for scale * (q - zero). */
typedef struct grid {
    float scale;
    int zero;
} grid;

typedef struct int8_convolution {
    const char *name; /* of its weight, without ".weight"; NULL: depthwise, each channel as it is */
    const char *norm; /* the batch norm behind it, to be folded; NULL: none */
    int images, in, out, size, kernel, stride;
    dnnl_data_type_t source, goal; /* uint8, or the stem's int8; uint8, or float32 with scale 1 */
    grid from, to;                 /* `from` has the zero 0 where there is padding */
    int cuts;                      /* ReLU as a step of its own, since `goal` does not cut off at 0 */
} int8_convolution;

/* Widens low and high to what a map was measured to hold. */
void widen(const network *net, const char *name, float *low, float *high);

/* The grid of 0 .. 255 between two numbers; 0 is on it. */
grid grid_between(float low, float high);

/* That of a map that was measured, "PREFIX.MAP". */
grid grid_of(const network *net, const char *prefix, const char *map);

/* A map with channels innermost. */
dnnl_memory_desc_t nhwc(dnnl_data_type_t type, int images, int channels, int size);

/* Appends the step of a convolution. */
step *convolve_int8(const network *net, sequence *program, const int8_convolution *conv, const void *from,
                    void *to);

#endif
