/* SPDX-License-Identifier: MIT */
/* The fully connected layer as plain dot products. At batch 1, where the logits of one image are computed,
 * every weight is used once and memory limits the speed. With more rows, each row of weights is used for all
 * of them while it is in the first-level cache. */
#include "layers/linear.h"

/* The partial sums of a dot product: enough to hide the latency of additions at any vector width. */
enum { LANES = 32 };
/* The output channels of one item of work. */
enum { BLOCK = 16 };

/* Lane l sums the products l, l + LANES, and so on; then the upper half of the lanes is added to the lower
 * half until one is left. */
static float dot(const float *a, const float *b, size_t count) {
    float sum[LANES] = {0};
    size_t i = 0;
    for (; i + LANES <= count; i += LANES)
        for (size_t l = 0; l < LANES; l++) sum[l] += a[i + l] * b[i + l];
    for (size_t l = 0; i + l < count; l++) sum[l] += a[i + l] * b[i + l];
    for (size_t half = LANES / 2; half > 0; half /= 2)
        for (size_t l = 0; l < half; l++) sum[l] += sum[l + half];
    return sum[0];
}

typedef struct work {
    const float *x, *weight, *bias;
    float *y;
    size_t x_stride, y_stride, rows, in, out;
} work;

static void multiply_block(void *context, size_t index) {
    const work *w = context;
    const size_t first = index * BLOCK, end = first + BLOCK < w->out ? first + BLOCK : w->out;
    for (size_t o = first; o < end; o++)
        for (size_t r = 0; r < w->rows; r++)
            w->y[r * w->y_stride + o] =
                dot(w->x + r * w->x_stride, w->weight + o * w->in, w->in) + w->bias[o];
}

void dni_linear(const float *x, size_t x_stride, int rows, const float *weight, const float *bias, int in,
                /* NOLINTNEXTLINE(readability-non-const-parameter): written through `work` */
                int out, float *y, size_t y_stride, dni_pool *pool) {
    work w = {x, weight, bias, y, x_stride, y_stride, (size_t)rows, (size_t)in, (size_t)out};
    dni_pool_run(pool, multiply_block, &w, (w.out + BLOCK - 1) / BLOCK);
}
