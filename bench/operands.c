/* SPDX-License-Identifier: MIT */
/* Memory for one convolution, and a kernel made ready to run in it. */
#include "bench/operands.h"

#include "core/error.h"
#include "core/memory.h"
#include "core/rng.h"

#include <math.h>
#include <string.h>

/* ---- memory for one shape ---- */

bool bench_buffer_make(bench_buffer *b, size_t count, const char *purpose) {
    *b = (bench_buffer){dni_allocate(NULL, count * sizeof(float)), count};
    if (!b->data) return false;
    const dni_rng rng = dni_rng_named(1, purpose);
    for (size_t i = 0; i < count; i++) b->data[i] = (float)(dni_rng_at(&rng, i) >> 40) * 0x1p-23f - 1.0f;
    return true;
}

void bench_buffer_free(bench_buffer *b) {
    dni_release(NULL, b->data, b->count * sizeof(float));
}

/* One image of size x size pixels of `channels`, in a buffer `width` channels wide with a border. */
static dni_tensor view(const bench_buffer *b, int64_t size, int64_t channels, int64_t width, int64_t border) {
    const int64_t full = size + 2 * border;
    const dni_tensor whole = dni_tensor_nhwc(b->data, 1, full, full, width);
    const dni_tensor rows = dni_tensor_slice(&whole, 1, border, size);
    const dni_tensor inside = dni_tensor_slice(&rows, 2, border, size);
    return dni_tensor_slice(&inside, 3, 0, channels);
}

static void clear_border(const bench_buffer *b, int64_t size, int64_t width, int64_t border) {
    const int64_t full = size + 2 * border;
    for (int64_t y = 0; y < full; y++)
        for (int64_t x = 0; x < full; x++)
            if (y < border || x < border || y >= size + border || x >= size + border)
                memset(b->data + (y * full + x) * width, 0, (size_t)width * sizeof(float));
}

void bench_operands_free(bench_operands *o) {
    bench_buffer *const all[] = {&o->x, &o->y, &o->weight, &o->scale, &o->shift, &o->bias};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) bench_buffer_free(all[i]);
}

dn_status bench_operands_make(bench_operands *o, const bench_shape *shape, dn_error *error) {
    *o = (bench_operands){0};
    const dni_conv2d *conv = &shape->conv;
    const int64_t in = shape->size + 2 * conv->border, y_border = shape->y_bordered ? 1 : 0;
    const int64_t out_size = dni_conv2d_output_size(conv, shape->size), out = out_size + 2 * y_border;
    const bench_gemm gemm = bench_shape_gemm(shape);
    if (!bench_buffer_make(&o->x, (size_t)(in * in * shape->x_width), "x") ||
        !bench_buffer_make(&o->y, (size_t)(out * out * shape->y_width), "y") ||
        !bench_buffer_make(&o->weight, (size_t)gemm.n * (size_t)gemm.k, "weight") ||
        !bench_buffer_make(&o->scale, (size_t)conv->in_channels, "scale") ||
        !bench_buffer_make(&o->shift, (size_t)conv->in_channels, "shift") ||
        !bench_buffer_make(&o->bias, (size_t)conv->out_channels, "bias")) {
        bench_operands_free(o);
        return dni_fail(error, DN_ERR_MEMORY, "out of memory for %s", shape->name);
    }
    for (size_t i = 0; conv->nonnegative && i < o->x.count; i++) o->x.data[i] = fmaxf(o->x.data[i], 0.0f);
    clear_border(&o->x, shape->size, shape->x_width, conv->border);
    o->x_view = view(&o->x, shape->size, conv->in_channels, shape->x_width, conv->border);
    o->y_view = view(&o->y, out_size, conv->out_channels, shape->y_width, y_border);
    return DN_OK;
}

/* ---- a kernel at work in it ---- */

dn_status bench_kernel_run_make(bench_kernel_run *out, const dni_conv2d_kernel *kernel,
                                const bench_shape *shape, const bench_operands *o, dni_pool *pool,
                                dn_error *error) {
    const dni_conv2d *conv = &shape->conv;
    const bool norm = conv->prologue != DNI_PROLOGUE_NONE, bias = conv->epilogue != DNI_EPILOGUE_NONE;
    const dni_conv2d_params params = {.weight = o->weight.data,
                                      .scale = norm ? o->scale.data : NULL,
                                      .shift = norm ? o->shift.data : NULL,
                                      .bias = bias ? o->bias.data : NULL};
    *out = (bench_kernel_run){.kernel = kernel, .conv = conv, .operands = o, .pool = pool};
    out->packed_size = kernel->packed_size(conv);
    out->scratch_size = kernel->scratch_size(conv, &o->x_view, dni_pool_threads(pool)) + 1;
    out->packed = dni_allocate(NULL, out->packed_size);
    out->scratch = dni_allocate(NULL, out->scratch_size);
    if (!out->packed || !out->scratch)
        return dni_fail(error, DN_ERR_MEMORY, "out of memory for %s", kernel->name);
    kernel->pack(conv, &params, out->packed);
    return DN_OK;
}

void bench_kernel_run_do(const bench_kernel_run *run) {
    run->kernel->run(run->conv, run->packed, &run->operands->x_view, &run->operands->y_view, run->scratch,
                     run->pool);
}

void bench_kernel_run_free(bench_kernel_run *run) {
    dni_release(NULL, run->packed, run->packed_size);
    dni_release(NULL, run->scratch, run->scratch_size);
}
