/* SPDX-License-Identifier: MIT */
/* Global average pooling behind batch norm and ReLU. */
#include "layers/pooling.h"

/* The channels of one item of work: their sums stay in registers and in the first-level cache, and 2208
 * channels are 35 items. */
enum { BLOCK = 64 };

typedef struct work {
    const dni_tensor *x;
    const float *scale, *shift;
    dni_pooled out;
    size_t blocks; /* of channels an image */
} work;

/* Adds `count` channels of one pixel, normalised, to the sums, and writes them to the map unless it is
 * NULL. In one loop with the sums ReLU would become a branch that is wrongly predicted for half of the
 * channels. */
static void add_pixel(const float *x, const float *scale, const float *shift, size_t count, double *sum,
                      float *map) {
    float value[BLOCK];
    for (size_t c = 0; c < count; c++) {
        const float v = scale[c] * x[c] + shift[c];
        value[c] = v > 0.0f ? v : 0.0f;
    }
    for (size_t c = 0; c < count; c++) sum[c] += (double)value[c];
    if (map)
        for (size_t c = 0; c < count; c++) map[c] = value[c];
}

static void pool_block(void *context, size_t index) {
    const work *w = context;
    const dni_tensor *x = w->x;
    const int64_t image = (int64_t)(index / w->blocks), first = (int64_t)(index % w->blocks) * BLOCK;
    const int64_t height = x->shape[1], width = x->shape[2], channels = x->shape[3];
    const size_t count = (size_t)(channels - first < BLOCK ? channels - first : BLOCK);
    const float *in = (const float *)x->data + image * x->stride[0] + first;
    float *map = w->out.map ? w->out.map + (size_t)image * w->out.map_stride + first : NULL;
    double sum[BLOCK] = {0};
    for (int64_t i = 0; i < height; i++) {
        for (int64_t j = 0; j < width; j++) {
            add_pixel(in + i * x->stride[1] + j * x->stride[2], w->scale + first, w->shift + first, count,
                      sum, map);
            if (map) map += channels;
        }
    }
    float *features = w->out.features + (size_t)image * w->out.features_stride + first;
    for (size_t c = 0; c < count; c++) features[c] = (float)(sum[c] / (double)(height * width));
}

void dni_bn_relu_global_avg_pool(const dni_tensor *x, const float *scale, const float *shift, dni_pooled out,
                                 dni_pool *pool) {
    work w = {x, scale, shift, out, (size_t)(x->shape[3] + BLOCK - 1) / BLOCK};
    dni_pool_run(pool, pool_block, &w, (size_t)x->shape[0] * w.blocks);
}
