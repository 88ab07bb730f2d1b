/* SPDX-License-Identifier: MIT */
/* The parts of the bench, and what all of them are told. */
#ifndef BENCH_BENCH_H
#define BENCH_BENCH_H

#include "bench/stats.h"
#include "core/cpu.h"
#include "core/status.h"
#include "densenet/densenet.h"

#include <jansson.h>
#include <stdbool.h>

typedef struct bench_context {
    int threads;         /* the most to use */
    bool parts;          /* network: each of its parts, too */
    bool samples;        /* network: where in the program the time of one thread goes, too */
    bool quick;          /* few shapes and runs: does everything work? */
    const char *network; /* only this member of the family; NULL: all */
    const char *kernel;  /* only kernels with this in their name; NULL: all */
    const char *folder;  /* prepare's and pictures' */
    dni_isa isa;         /* the tier that the library will use */
    dn_precision precision;
    dn_memory memory;
    json_t *report;
} bench_context;

/* How long to measure one thing of that part. */
bench_effort bench_effort_of(const bench_context *context);

/* Peak of multiplying and adding in float32, FLOP/s, on that many threads with that tier's instructions. */
double bench_peak(dni_isa isa, int threads);

/* The parts, in the order of a full run. Each prints its results and adds them to the report. */
dn_status bench_machine(bench_context *context, dn_error *error);
dn_status bench_layers(bench_context *context, dn_error *error);
dn_status bench_errors(bench_context *context, dn_error *error);
dn_status bench_network(bench_context *context, dn_error *error);
dn_status bench_load(bench_context *context, dn_error *error);
dn_status bench_scaling(bench_context *context, dn_error *error);
dn_status bench_preprocess(bench_context *context, dn_error *error);
dn_status bench_training(bench_context *context, dn_error *error);
dn_status bench_copies(bench_context *context, dn_error *error);

/* Writes what the comparison with other engines works on into the context's folder: seeded weights
 * (weights.safetensors) and inputs (inputs.f32: 16 x 224 x 224 x 3 floats). */
dn_status bench_prepare(bench_context *context, dn_error *error);
/* Likewise for the comparison with torchvision: generated pictures of 256, 512 and 1024 pixels
 * (picture_256.jpg, ...). */
dn_status bench_pictures(bench_context *context, dn_error *error);

/* Seeded weights whose batch norms were measured on generated pictures, so that activations keep their
 * size. */
dn_status bench_seeded_weights(dn_weights **out, const dn_config *config, int pictures, int threads,
                               dn_error *error);
/* Network inputs from `count` generated pictures, (count, 224, 224, 3); freed with free(). */
dn_status bench_seeded_inputs(float **out, int count, dn_error *error);

#endif
