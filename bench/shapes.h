/* SPDX-License-Identifier: MIT */
/* Every distinct convolution of the four networks at 224x224, from the one description of their structure. */
#ifndef BENCH_SHAPES_H
#define BENCH_SHAPES_H

#include "densenet/topology.h"

enum { BENCH_NETWORKS = 4, BENCH_MAX_SHAPES = 512 };

typedef struct bench_shape {
    dni_conv2d conv;
    int64_t size;             /* height and width of x */
    int64_t x_width, y_width; /* channels of the buffers that x and y are slices of */
    bool y_bordered;          /* y is the inside of a buffer with a border of one pixel */
    int uses[BENCH_NETWORKS]; /* how often it occurs in each network, in the order of dn_config_at() */
    bool is_sample;           /* a stem, transition, conv2, or the first, middle or last conv1 of a block */
    char name[DNI_NAME_SIZE]; /* of the first convolution of this shape ... */
    const char *network;      /* ... in this network */
} bench_shape;

/* Fills `shapes` in the order of execution, network after network, from the network of that name or from all
 * (NULL), and returns how many there are. */
int bench_shapes_collect(bench_shape shapes[BENCH_MAX_SHAPES], const char *network);

/* The matrix product that is the same work done directly: M output pixels, N output channels, K inputs of
 * each. Of a transition at full resolution, as the network is defined, whatever a kernel saves by pooling
 * first. */
typedef struct bench_gemm {
    int m, n, k;
} bench_gemm;

bench_gemm bench_shape_gemm(const bench_shape *shape);
double bench_gemm_flop(const bench_gemm *gemm);

/* FLOP of a network's convolution of that index (dni_part_at), and of all of them, for one image of 224x224,
 * done directly. */
double bench_convolution_flop(const dn_config *config, int index);
double bench_network_flop(const dn_config *config);

#endif
