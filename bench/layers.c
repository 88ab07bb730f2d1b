/* Every distinct convolution of the networks by every kernel that accepts it, beside the same matrix product
 * by OpenBLAS, which does neither norm nor ReLU, has its operands ready as matrices (no im2col is counted),
 * and is what a library that calls BLAS for its convolutions cannot beat. */
#include "bench/bench.h"
#include "bench/report.h"
#include "bench/shapes.h"
#include "core/error.h"
#include "core/memory.h"
#include "core/pool.h"
#include "core/rng.h"

#include <cblas.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- memory for one shape ---- */

typedef struct buffer {
    float *data;
    size_t count;
} buffer;

/* What a shape works on; buffers are filled with values in -1 .. 1, borders are zero. */
typedef struct operands {
    buffer x, y, weight, scale, shift, bias;
    dni_tensor x_view, y_view;
} operands;

static int buffer_make(buffer *b, size_t count, const char *purpose) {
    *b = (buffer){dni_allocate(NULL, count * sizeof(float)), count};
    if (!b->data) return 0;
    const dni_rng rng = dni_rng_named(1, purpose);
    for (size_t i = 0; i < count; i++) b->data[i] = (float)(dni_rng_at(&rng, i) >> 40) * 0x1p-23f - 1.0f;
    return 1;
}

static void buffer_free(buffer *b) {
    dni_release(NULL, b->data, b->count * sizeof(float));
}

/* One image of size x size pixels of `channels`, in a buffer `width` channels wide with a border. */
static dni_tensor view(const buffer *b, int64_t size, int64_t channels, int64_t width, int64_t border) {
    const int64_t full = size + 2 * border;
    const dni_tensor whole = dni_tensor_nhwc(b->data, 1, full, full, width);
    const dni_tensor rows = dni_tensor_slice(&whole, 1, border, size);
    const dni_tensor inside = dni_tensor_slice(&rows, 2, border, size);
    return dni_tensor_slice(&inside, 3, 0, channels);
}

static void clear_border(const buffer *b, int64_t size, int64_t width, int64_t border) {
    const int64_t full = size + 2 * border;
    for (int64_t y = 0; y < full; y++)
        for (int64_t x = 0; x < full; x++)
            if (y < border || x < border || y >= size + border || x >= size + border)
                memset(b->data + (y * full + x) * width, 0, (size_t)width * sizeof(float));
}

static void operands_free(operands *o) {
    buffer *const all[] = {&o->x, &o->y, &o->weight, &o->scale, &o->shift, &o->bias};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) buffer_free(all[i]);
}

static dn_status operands_make(operands *o, const bench_shape *shape, dn_error *error) {
    *o = (operands){0};
    const dni_conv2d *conv = &shape->conv;
    const int64_t in = shape->size + 2 * conv->border, y_border = shape->y_bordered ? 1 : 0;
    const int64_t out_size = dni_conv2d_output_size(conv, shape->size), out = out_size + 2 * y_border;
    const bench_gemm gemm = bench_shape_gemm(shape);
    if (!buffer_make(&o->x, (size_t)(in * in * shape->x_width), "x") ||
        !buffer_make(&o->y, (size_t)(out * out * shape->y_width), "y") ||
        !buffer_make(&o->weight, (size_t)gemm.n * (size_t)gemm.k, "weight") ||
        !buffer_make(&o->scale, (size_t)conv->in_channels, "scale") ||
        !buffer_make(&o->shift, (size_t)conv->in_channels, "shift") ||
        !buffer_make(&o->bias, (size_t)conv->out_channels, "bias")) {
        operands_free(o);
        return dni_fail(error, DN_ERR_MEMORY, "out of memory for %s", shape->name);
    }
    clear_border(&o->x, shape->size, shape->x_width, conv->border);
    o->x_view = view(&o->x, shape->size, conv->in_channels, shape->x_width, conv->border);
    o->y_view = view(&o->y, out_size, conv->out_channels, shape->y_width, y_border);
    return DN_OK;
}

/* ---- timing one kernel, and OpenBLAS ---- */

typedef struct kernel_run {
    const dni_conv2d_kernel *kernel;
    const dni_conv2d *conv;
    const operands *operands;
    void *packed, *scratch;
    dni_pool *pool;
} kernel_run;

static void run_kernel(void *context) {
    const kernel_run *r = context;
    r->kernel->run(r->conv, r->packed, &r->operands->x_view, &r->operands->y_view, r->scratch, r->pool);
}

static dn_status time_kernel(bench_stats *out, const dni_conv2d_kernel *kernel, const bench_shape *shape,
                             const operands *o, dni_pool *pool, const bench_effort *effort, dn_error *error) {
    const dni_conv2d *conv = &shape->conv;
    const bool norm = conv->prologue != DNI_PROLOGUE_NONE, bias = conv->epilogue != DNI_EPILOGUE_NONE;
    const dni_conv2d_params params = {.weight = o->weight.data,
                                      .scale = norm ? o->scale.data : NULL,
                                      .shift = norm ? o->shift.data : NULL,
                                      .bias = bias ? o->bias.data : NULL};
    const size_t packed = kernel->packed_size(conv);
    const size_t scratch = kernel->scratch_size(conv, &o->x_view, dni_pool_threads(pool));
    kernel_run r = {kernel, conv, o, dni_allocate(NULL, packed), dni_allocate(NULL, scratch + 1), pool};
    dn_status status = DN_OK;
    if (r.packed && r.scratch) {
        kernel->pack(conv, &params, r.packed);
        *out = bench_measure(effort, run_kernel, &r);
    } else {
        status = dni_fail(error, DN_ERR_MEMORY, "out of memory for %s", kernel->name);
    }
    dni_release(NULL, r.packed, packed);
    dni_release(NULL, r.scratch, scratch + 1);
    return status;
}

typedef struct gemm_run {
    bench_gemm gemm;
    const float *a, *b;
    float *c;
} gemm_run;

static void run_gemm(void *context) {
    const gemm_run *r = context;
    const bench_gemm *g = &r->gemm;
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, g->m, g->n, g->k, 1.0f, r->a, g->k, r->b, g->n,
                0.0f, r->c, g->n);
}

static dn_status time_gemm(bench_stats *out, const bench_gemm *gemm, const bench_effort *effort,
                           dn_error *error) {
    const size_t m = (size_t)gemm->m, n = (size_t)gemm->n, k = (size_t)gemm->k;
    buffer a = {0}, b = {0}, c = {0};
    dn_status status = DN_OK;
    if (buffer_make(&a, m * k, "a") && buffer_make(&b, k * n, "b") && buffer_make(&c, m * n, "c")) {
        gemm_run r = {*gemm, a.data, b.data, c.data};
        *out = bench_measure(effort, run_gemm, &r);
    } else {
        status = dni_fail(error, DN_ERR_MEMORY, "out of memory for a matrix product");
    }
    buffer_free(&a);
    buffer_free(&b);
    buffer_free(&c);
    return status;
}

/* ---- one shape ---- */

/* Seconds of the work of one shape: by the kernel the library chooses, by the fastest, and by OpenBLAS. */
typedef struct shape_times {
    double chosen, fastest, gemm;
} shape_times;

typedef struct layer_bench {
    bench_context *context;
    bench_effort effort;
    dni_pool *pool;
    double peak;
} layer_bench;

static void print_line(const layer_bench *bench, const char *name, const bench_stats *stats, double flop,
                       const char *mark) {
    const double rate = flop / stats->median;
    printf("    %-40s %9.3f ms  (%.3f - %.3f)  %7.1f GFLOP/s  %4.0f %%%s\n", name, 1e3 * stats->median,
           1e3 * stats->q1, 1e3 * stats->q3, 1e-9 * rate, 100 * rate / bench->peak, mark);
}

static void report_line(const layer_bench *bench, const bench_shape *shape, const char *name,
                        const bench_stats *stats, double flop) {
    const dni_conv2d *conv = &shape->conv;
    const double rate = flop / stats->median;
    json_t *row = json_pack("{s:s, s:s, s:i, s:i, s:i, s:i, s:I, s:i, s:o, s:f, s:f}", "network",
                            shape->network, "convolution", shape->name, "in", conv->in_channels, "out",
                            conv->out_channels, "kernel", conv->kernel, "stride", conv->stride, "size",
                            (json_int_t)shape->size, "threads", dni_pool_threads(bench->pool), "seconds",
                            bench_stats_json(stats), "flops", rate, "share_of_peak", rate / bench->peak);
    json_object_set_new(row, "by", json_string(name));
    bench_report_add(bench->context->report, "layers", row);
}

static dni_conv2d_requirements requirements_of(const bench_context *context) {
    return (dni_conv2d_requirements){.isa = context->isa,
                                     .bf16 = context->precision == DN_PRECISION_BFLOAT16,
                                     .compact = context->memory == DN_MEMORY_LOW};
}

static bool wanted(const bench_context *context, const dni_conv2d_kernel *kernel, const dni_conv2d *conv) {
    return dni_conv2d_supports(kernel, conv, requirements_of(context)) &&
           (!context->kernel || strstr(kernel->name, context->kernel));
}

static dn_status time_kernels(shape_times *times, const layer_bench *bench, const bench_shape *shape,
                              const operands *o, double flop, dn_error *error) {
    const dni_conv2d_kernel *chosen = dni_conv2d_select(&shape->conv, requirements_of(bench->context));
    for (size_t i = 0; i < dni_conv2d_kernel_count; i++) {
        const dni_conv2d_kernel *kernel = dni_conv2d_kernels[i];
        if (!wanted(bench->context, kernel, &shape->conv)) continue;
        bench_stats stats;
        const dn_status status = time_kernel(&stats, kernel, shape, o, bench->pool, &bench->effort, error);
        if (status != DN_OK) return status;
        print_line(bench, kernel->name, &stats, flop, kernel == chosen ? "  <- chosen" : "");
        report_line(bench, shape, kernel->name, &stats, flop);
        times->fastest = fmin(times->fastest, stats.median);
        if (kernel == chosen) times->chosen = stats.median;
    }
    return DN_OK;
}

static dn_status bench_one(shape_times *times, const layer_bench *bench, const bench_shape *shape,
                           dn_error *error) {
    const bench_gemm gemm = bench_shape_gemm(shape);
    const double flop = bench_gemm_flop(&gemm);
    const dni_conv2d *conv = &shape->conv;
    printf("\n  %dx%d/%d  %4d -> %3d at %lldx%lld  %.3f GFLOP  (%s %s)\n", conv->kernel, conv->kernel,
           conv->stride, conv->in_channels, conv->out_channels, (long long)shape->size,
           (long long)shape->size, 1e-9 * flop, shape->network, shape->name);
    *times = (shape_times){.chosen = HUGE_VAL, .fastest = HUGE_VAL};
    operands o;
    dn_status status = operands_make(&o, shape, error);
    if (status != DN_OK) return status;
    status = time_kernels(times, bench, shape, &o, flop, error);
    operands_free(&o);
    if (status != DN_OK) return status;

    bench_stats stats;
    if ((status = time_gemm(&stats, &gemm, &bench->effort, error)) != DN_OK) return status;
    times->gemm = stats.median;
    char name[64];
    snprintf(name, sizeof name, "OpenBLAS sgemm %d x %d x %d", gemm.m, gemm.n, gemm.k);
    print_line(bench, name, &stats, flop, "");
    report_line(bench, shape, "sgemm", &stats, flop);
    return DN_OK;
}

/* ---- all of them ---- */

static void print_sum(const layer_bench *bench, const bench_shape *shapes, const shape_times *times,
                      int count, int network) {
    shape_times sum = {0};
    for (int i = 0; i < count; i++) {
        sum.chosen += shapes[i].uses[network] * times[i].chosen;
        sum.fastest += shapes[i].uses[network] * times[i].fastest;
        sum.gemm += shapes[i].uses[network] * times[i].gemm;
    }
    const dn_config *config = dn_config_at(network);
    const double rate = bench_network_flop(config) / sum.chosen;
    printf(
        "  %s  %8.2f ms  %6.1f GFLOP/s  %4.0f %% of peak;  by the fastest kernel %.2f ms, by OpenBLAS's products alone %.2f ms\n",
        config->name, 1e3 * sum.chosen, 1e-9 * rate, 100 * rate / bench->peak, 1e3 * sum.fastest,
        1e3 * sum.gemm);
    bench_report_add(bench->context->report, "layer_sums",
                     json_pack("{s:s, s:i, s:f, s:f, s:f}", "network", config->name, "threads",
                               dni_pool_threads(bench->pool), "chosen", sum.chosen, "fastest", sum.fastest,
                               "sgemm", sum.gemm));
}

static dn_status bench_shapes(const layer_bench *bench, bench_shape *shapes, shape_times *times,
                              dn_error *error) {
    const bench_context *context = bench->context;
    const int count = bench_shapes_collect(shapes, context->network);
    for (int i = 0; i < count; i++) {
        if (context->quick && !shapes[i].is_sample) continue;
        const dn_status status = bench_one(&times[i], bench, &shapes[i], error);
        if (status != DN_OK) return status;
    }
    if (context->quick || context->kernel) return DN_OK;
    puts("\n  all convolutions of a network, each by the chosen kernel:");
    for (int n = 0; n < BENCH_NETWORKS && dn_config_at(n); n++)
        if (!context->network || strcmp(context->network, dn_config_at(n)->name) == 0)
            print_sum(bench, shapes, times, count, n);
    return DN_OK;
}

dn_status bench_layers(bench_context *context, dn_error *error) {
    layer_bench bench = {.context = context, .effort = bench_effort_of(context)};
    dn_status status = dni_pool_create(&bench.pool, context->threads, error);
    if (status != DN_OK) return status;
    bench.peak = bench_peak(context->isa, context->threads);
    openblas_set_num_threads(context->threads);
    printf(
        "\nLayers: batch 1, %d thread%s; FLOP as of direct convolution; share of the %s peak of %.1f GFLOP/s\n",
        context->threads, context->threads > 1 ? "s" : "", dni_isa_name(context->isa), 1e-9 * bench.peak);
    bench_shape *shapes = calloc(BENCH_MAX_SHAPES, sizeof *shapes);
    shape_times *times = calloc(BENCH_MAX_SHAPES, sizeof *times);
    if (shapes && times)
        status = bench_shapes(&bench, shapes, times, error);
    else
        status = dni_fail(error, DN_ERR_MEMORY, "out of memory for the list of shapes");
    free(shapes);
    free(times);
    dni_pool_free(bench.pool);
    return status;
}
