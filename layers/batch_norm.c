/* SPDX-License-Identifier: MIT */
/* The parameters of batch norm at inference, and the statistics from which they are computed. */
#include "layers/batch_norm.h"

#include <math.h>

void dni_batch_norm_scale_shift(const float *gamma, const float *beta, const float *mean,
                                const float *variance, int channels, float *scale, float *shift) {
    for (int c = 0; c < channels; c++) {
        const double s = (double)gamma[c] / sqrt((double)variance[c] + DNI_BATCH_NORM_EPSILON);
        const double t = (double)beta[c] - (double)mean[c] * s;
        scale[c] = (float)s;
        shift[c] = (float)t;
    }
}

void dni_batch_norm_relu_mean(const float *gamma, const float *beta, int channels, float *mean) {
    const double root_half = 0.70710678118654752, density_0 = 0.39894228040143268; /* 1 / sqrt(2 pi) */
    for (int c = 0; c < channels; c++) {
        const double deviation = fabs((double)gamma[c]), b = (double)beta[c];
        if (deviation == 0.0) {
            mean[c] = b > 0.0 ? beta[c] : 0.0f;
            continue;
        }
        const double z = b / deviation;
        mean[c] = (float)(b * 0.5 * erfc(-z * root_half) + deviation * density_0 * exp(-0.5 * z * z));
    }
}

void dni_batch_norm_fold(const float *scale, const float *shift, int out_channels, int64_t per_channel,
                         const float *weight, float *folded, float *bias) {
    for (int64_t o = 0; o < out_channels; o++) {
        for (int64_t i = 0; i < per_channel; i++)
            folded[o * per_channel + i] = weight[o * per_channel + i] * scale[o];
        bias[o] = shift[o];
    }
}

/* The channels of one item of work. */
enum { BLOCK = 16 };

typedef struct work {
    const dni_tensor *x;
    double *mean, *variance;
} work;

/* sum[c] = sum over all pixels of (x[c] - centre[c])^power, power 1 or 2. */
static void sum_block(const dni_tensor *x, int64_t first, size_t count, const double *centre, int power,
                      double *sum) {
    for (size_t c = 0; c < count; c++) sum[c] = 0.0;
    for (int64_t n = 0; n < x->shape[0]; n++) {
        for (int64_t i = 0; i < x->shape[1]; i++) {
            const float *in = (const float *)x->data + n * x->stride[0] + i * x->stride[1] + first;
            for (int64_t j = 0; j < x->shape[2]; j++, in += x->stride[2]) {
                for (size_t c = 0; c < count; c++) {
                    const double d = (double)in[c] - centre[c];
                    sum[c] += power == 1 ? d : d * d;
                }
            }
        }
    }
}

static void measure_block(void *context, size_t index) {
    const work *w = context;
    const dni_tensor *x = w->x;
    const int64_t first = (int64_t)index * BLOCK, left = x->shape[3] - first;
    const size_t count = (size_t)(left < BLOCK ? left : BLOCK);
    const double pixels = (double)(x->shape[0] * x->shape[1] * x->shape[2]);
    const double zero[BLOCK] = {0};
    double sum[BLOCK];
    sum_block(x, first, count, zero, 1, sum);
    for (size_t c = 0; c < count; c++) w->mean[first + (int64_t)c] = sum[c] / pixels;
    sum_block(x, first, count, w->mean + first, 2, sum);
    for (size_t c = 0; c < count; c++) w->variance[first + (int64_t)c] = sum[c] / pixels;
}

/* NOLINTNEXTLINE(readability-non-const-parameter): written through `work` */
void dni_channel_statistics(const dni_tensor *x, double *mean, double *variance, dni_pool *pool) {
    work w = {x, mean, variance};
    dni_pool_run(pool, measure_block, &w, (size_t)(x->shape[3] + BLOCK - 1) / BLOCK);
}
