/* SPDX-License-Identifier: MIT */
/* What a convolution works on in the bench: buffers of seeded values, and a kernel packed for them. */
#ifndef BENCH_OPERANDS_H
#define BENCH_OPERANDS_H

#include "bench/shapes.h"
#include "core/pool.h"
#include "core/status.h"
#include "core/tensor.h"
#include "layers/conv2d.h"

#include <stdbool.h>

typedef struct bench_buffer {
    float *data;
    size_t count;
} bench_buffer;

/* `count` values in -1 .. 1 from the stream of that name; false without memory. */
bool bench_buffer_make(bench_buffer *b, size_t count, const char *purpose);
void bench_buffer_free(bench_buffer *b);

/* The buffers of one image of a shape; borders are zero. */
typedef struct bench_operands {
    bench_buffer x, y, weight, scale, shift, bias;
    dni_tensor x_view, y_view;
} bench_operands;

/* Nothing is to be freed after a failure. */
dn_status bench_operands_make(bench_operands *o, const bench_shape *shape, dn_error *error);
void bench_operands_free(bench_operands *o);

typedef struct bench_kernel_run {
    const dni_conv2d_kernel *kernel;
    const dni_conv2d *conv;
    const bench_operands *operands;
    void *packed, *scratch;
    size_t packed_size, scratch_size;
    dni_pool *pool;
} bench_kernel_run;

/* Packs the weights. Either way bench_kernel_run_free() is to follow. */
dn_status bench_kernel_run_make(bench_kernel_run *out, const dni_conv2d_kernel *kernel,
                                const bench_shape *shape, const bench_operands *o, dni_pool *pool,
                                dn_error *error);
/* Computes y. */
void bench_kernel_run_do(const bench_kernel_run *run);
void bench_kernel_run_free(bench_kernel_run *run);

#endif
