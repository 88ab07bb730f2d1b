/* SPDX-License-Identifier: MIT */
/* What each part of a network takes of a forward pass. */
#ifndef BENCH_NETWORK_PARTS_H
#define BENCH_NETWORK_PARTS_H

#include "bench/bench.h"

/* One setting of bench network. */
typedef struct bench_passes {
    dn_model *model;
    int batch, threads;
    const float *inputs; /* (batch, 224, 224, 3) */
    float *features;     /* room for (batch, features) */
    double peak;         /* FLOP/s of as many threads */
} bench_passes;

/* Prints a line for the stem, for the 1x1 and the 3x3 convolutions of each block, for each transition, for
 * the norm with the pooling at the end, and for the classifier, and adds them to the report as
 * "network_parts". Nobody else may use the model meanwhile; it is then as it was. */
dn_status bench_network_parts(bench_context *context, const bench_passes *passes, dn_error *error);

#endif
