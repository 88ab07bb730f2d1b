/* SPDX-License-Identifier: MIT */
/* Every distinct convolution of the networks by every kernel that accepts it, beside the same matrix product
 * by OpenBLAS, which does neither norm nor ReLU, has its operands ready as matrices (no im2col is counted),
 * and is what a library that calls BLAS for its convolutions cannot beat. */
#include "bench/bench.h"
#include "bench/operands.h"
#include "bench/report.h"
#include "bench/shapes.h"
#include "core/error.h"
#include "core/pool.h"
#include "densenet/options.h"

#include <cblas.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- timing one kernel, and OpenBLAS ---- */

static void run_kernel(void *context) {
    bench_kernel_run_do(context);
}

static dn_status time_kernel(bench_stats *out, const dni_conv2d_kernel *kernel, const bench_shape *shape,
                             const bench_operands *o, dni_pool *pool, const bench_effort *effort,
                             dn_error *error) {
    bench_kernel_run run;
    const dn_status status = bench_kernel_run_make(&run, kernel, shape, o, pool, error);
    if (!status) *out = bench_measure(effort, run_kernel, &run);
    bench_kernel_run_free(&run);
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
    bench_buffer a = {0}, b = {0}, c = {0};
    dn_status status = DN_OK;
    if (bench_buffer_make(&a, m * k, "a") && bench_buffer_make(&b, k * n, "b") &&
        bench_buffer_make(&c, m * n, "c")) {
        gemm_run r = {*gemm, a.data, b.data, c.data};
        *out = bench_measure(effort, run_gemm, &r);
    } else {
        status = dni_fail(error, DN_ERR_MEMORY, "out of memory for a matrix product");
    }
    bench_buffer_free(&a);
    bench_buffer_free(&b);
    bench_buffer_free(&c);
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
                                     .features = dni_cpu_features(),
                                     .precision = dni_kernel_precision(context->precision),
                                     .compact = context->memory == DN_MEMORY_LOW};
}

static bool wanted(const bench_context *context, const dni_conv2d_kernel *kernel, const dni_conv2d *conv) {
    return dni_conv2d_supports(kernel, conv, requirements_of(context)) &&
           (!context->kernel || strstr(kernel->name, context->kernel));
}

static dn_status time_kernels(shape_times *times, const layer_bench *bench, const bench_shape *shape,
                              const bench_operands *o, double flop, dn_error *error) {
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
    bench_operands o;
    dn_status status = bench_operands_make(&o, shape, error);
    if (status != DN_OK) return status;
    status = time_kernels(times, bench, shape, &o, flop, error);
    bench_operands_free(&o);
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
