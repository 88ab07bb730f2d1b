/* SPDX-License-Identifier: MIT */
/* A walk along each network, with the sizes of its maps and buffers. */
#include "bench/shapes.h"

#include <stdio.h>
#include <string.h>

static bool same_shape(const bench_shape *a, const bench_shape *b) {
    return a->conv.in_channels == b->conv.in_channels && a->conv.out_channels == b->conv.out_channels &&
           a->conv.kernel == b->conv.kernel && a->conv.stride == b->conv.stride &&
           a->conv.pad == b->conv.pad && a->conv.prologue == b->conv.prologue &&
           a->conv.epilogue == b->conv.epilogue && a->size == b->size;
}

static bool is_sample(const dn_config *config, const dni_part *part) {
    const int last = config->layers[part->block] - 1;
    return part->role != DNI_CONV1 || part->layer == 0 || part->layer == last / 2 || part->layer == last;
}

static bench_shape shape_of(const dn_config *config, const dni_part *part, int64_t size) {
    const int64_t block = dni_block_channels(config, part->block);
    bench_shape shape = {.conv = dni_part_conv2d(part),
                         .size = size,
                         .x_width = part->in_channels,
                         .y_width = block,
                         .is_sample = is_sample(config, part),
                         .network = config->name};
    if (part->role == DNI_CONV1) {
        shape.x_width = block;
        shape.y_width = part->out_channels;
        shape.y_bordered = true;
    } else if (part->role == DNI_TRANSITION) {
        shape.x_width = block;
        shape.y_width = dni_block_channels(config, part->block + 1);
    }
    snprintf(shape.name, sizeof shape.name, "%s", part->conv);
    return shape;
}

/* Calls visit for every convolution of a network. */
static void walk(const dn_config *config, void (*visit)(void *context, const bench_shape *shape),
                 void *context) {
    int64_t size = 224;
    for (int i = 0; i < dni_convolution_count(config); i++) {
        const dni_part part = dni_part_at(config, i);
        const bench_shape shape = shape_of(config, &part, size);
        visit(context, &shape);
        if (part.role == DNI_STEM || part.role == DNI_TRANSITION)
            size = dni_conv2d_output_size(&shape.conv, size);
    }
}

typedef struct collection {
    bench_shape *shapes;
    int count, network;
} collection;

static void collect(void *context, const bench_shape *shape) {
    collection *c = context;
    int i = 0;
    while (i < c->count && !same_shape(&c->shapes[i], shape)) i++;
    if (i == BENCH_MAX_SHAPES) return;
    if (i == c->count) c->shapes[c->count++] = *shape;
    c->shapes[i].uses[c->network]++;
    c->shapes[i].is_sample |= shape->is_sample;
}

int bench_shapes_collect(bench_shape shapes[BENCH_MAX_SHAPES], const char *network) {
    collection c = {.shapes = shapes};
    for (; c.network < BENCH_NETWORKS && dn_config_at(c.network); c.network++) {
        const dn_config *config = dn_config_at(c.network);
        if (!network || strcmp(network, config->name) == 0) walk(config, collect, &c);
    }
    return c.count;
}

bench_gemm bench_shape_gemm(const bench_shape *shape) {
    const dni_conv2d *conv = &shape->conv;
    const int64_t out = (shape->size + 2 * conv->pad - conv->kernel) / conv->stride + 1;
    return (bench_gemm){
        .m = (int)(out * out), .n = conv->out_channels, .k = conv->in_channels * conv->kernel * conv->kernel};
}

double bench_gemm_flop(const bench_gemm *gemm) {
    return 2.0 * gemm->m * gemm->n * gemm->k;
}

/* FLOP of the convolutions first .. end - 1, in the order of execution. */
typedef struct flop_sum {
    int first, end, index;
    double flop;
} flop_sum;

static void add_flop(void *context, const bench_shape *shape) {
    flop_sum *sum = context;
    const bench_gemm gemm = bench_shape_gemm(shape);
    if (sum->index >= sum->first && sum->index < sum->end) sum->flop += bench_gemm_flop(&gemm);
    sum->index++;
}

double bench_convolution_flop(const dn_config *config, int index) {
    flop_sum sum = {.first = index, .end = index + 1};
    walk(config, add_flop, &sum);
    return sum.flop;
}

double bench_network_flop(const dn_config *config) {
    flop_sum sum = {.end = dni_convolution_count(config)};
    walk(config, add_flop, &sum);
    return sum.flop;
}
