/* SPDX-License-Identifier: MIT */
/* How far every kernel's results lie from the definition in double precision.
 *
 * A convolution's error is the largest difference divided by the largest value; of a kernel the worst of the
 * networks' typical convolutions and the mean are told. Inputs and weights are uniform in -1 .. 1. */
#include "bench/bench.h"
#include "bench/operands.h"
#include "bench/report.h"
#include "core/error.h"
#include "core/memory.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct kernel_errors {
    double worst, sum;
    int count;
    const bench_shape *where; /* the worst */
} kernel_errors;

/* y of the kernel, dense, into `out`. */
static dn_status compute(float *out, const dni_conv2d_kernel *kernel, const bench_shape *shape,
                         const bench_operands *o, dni_pool *pool, dn_error *error) {
    bench_kernel_run run;
    const dn_status status = bench_kernel_run_make(&run, kernel, shape, o, pool, error);
    if (!status) {
        bench_kernel_run_do(&run);
        dni_tensor_to_f32(&o->y_view, out);
    }
    bench_kernel_run_free(&run);
    return status;
}

static double relative_error(const float *found, const float *exact, size_t count) {
    double worst = 0.0, largest = 0.0;
    for (size_t i = 0; i < count; i++) {
        const double difference = fabs((double)found[i] - (double)exact[i]);
        if (!isfinite(difference)) return HUGE_VAL;
        if (difference > worst) worst = difference;
        if (fabs((double)exact[i]) > largest) largest = fabs((double)exact[i]);
    }
    return worst / largest;
}

static void add(kernel_errors *to, double error, const bench_shape *shape) {
    if (error >= to->worst) {
        to->worst = error;
        to->where = shape;
    }
    to->sum += error;
    to->count++;
}

/* Every kernel that can run here. found, exact: room for y. */
static dn_status compare(kernel_errors *all, const bench_shape *shape, const bench_operands *o, float *found,
                         float *exact, size_t count, dni_pool *pool, dn_error *error) {
    dn_status status = compute(exact, dni_conv2d_kernels[0], shape, o, pool, error);
    for (size_t k = 1; !status && k < dni_conv2d_kernel_count; k++) {
        const dni_conv2d_kernel *kernel = dni_conv2d_kernels[k];
        const dni_conv2d_requirements here = {
            .isa = dni_cpu_isa(), .features = dni_cpu_features(), .precision = kernel->precision};
        if (!dni_conv2d_supports(kernel, &shape->conv, here)) continue;
        status = compute(found, kernel, shape, o, pool, error);
        if (!status) add(&all[k], relative_error(found, exact, count), shape);
    }
    return status;
}

static dn_status compare_shape(kernel_errors *all, const bench_shape *shape, dni_pool *pool,
                               dn_error *error) {
    bench_operands o;
    dn_status status = bench_operands_make(&o, shape, error);
    if (status) return status;
    const size_t count = (size_t)dni_tensor_count(&o.y_view);
    float *found = malloc(count * sizeof *found), *exact = malloc(count * sizeof *exact);
    status = found && exact ? compare(all, shape, &o, found, exact, count, pool, error)
                            : dni_no_memory(error, "%s", shape->name);
    free(found);
    free(exact);
    bench_operands_free(&o);
    return status;
}

static void print_errors(const bench_context *context, const kernel_errors *all) {
    printf("  %-40s %9s %9s  %s\n", "kernel", "worst", "mean", "the worst is");
    for (size_t k = 1; k < dni_conv2d_kernel_count; k++) {
        if (!all[k].count) continue;
        const double mean = all[k].sum / all[k].count;
        const char *name = dni_conv2d_kernels[k]->name;
        printf("  %-40s %9.1e %9.1e  %s %s\n", name, all[k].worst, mean, all[k].where->network,
               all[k].where->name);
        bench_report_add(context->report, "errors",
                         json_pack("{s:s, s:f, s:f, s:i}", "kernel", name, "worst", all[k].worst, "mean",
                                   mean, "convolutions", all[k].count));
    }
}

static dn_status run_shapes(const bench_context *context, bench_shape *shapes, kernel_errors *all,
                            dni_pool *pool, dn_error *error) {
    const int count = bench_shapes_collect(shapes, context->network);
    dn_status status = DN_OK;
    for (int i = 0; !status && i < count; i++)
        if (shapes[i].is_sample) status = compare_shape(all, &shapes[i], pool, error);
    if (!status) print_errors(context, all);
    return status;
}

dn_status bench_errors(bench_context *context, dn_error *error) {
    dni_pool *pool;
    dn_status status = dni_pool_create(&pool, context->threads, error);
    if (status) return status;
    puts(
        "\nErrors: largest difference from double precision, of the largest value, over typical convolutions");
    bench_shape *shapes = calloc(BENCH_MAX_SHAPES, sizeof *shapes);
    kernel_errors *all = calloc(dni_conv2d_kernel_count, sizeof *all);
    status = shapes && all ? run_shapes(context, shapes, all, pool, error)
                           : dni_no_memory(error, "the list of shapes");
    free(all);
    free(shapes);
    dni_pool_free(pool);
    return status;
}
