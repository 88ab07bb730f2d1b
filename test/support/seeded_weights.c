/* SPDX-License-Identifier: MIT */
/* Seeded weights and inputs; test/golden/densenet/oracle_densenet.py makes the same. */
#include "test/support/seeded_weights.h"

#include "core/rng.h"
#include "densenet/topology.h"
#include "densenet/weights.h"

#include <stdlib.h>

static void fill(float *values, size_t count, uint64_t seed, const char *name, float low, float high) {
    dni_rng rng = dni_rng_named(seed, name);
    for (size_t i = 0; i < count; i++) values[i] = low + (high - low) * dni_rng_uniform(&rng);
}

dn_weights *seeded_weights(const dn_config *config, uint64_t seed) {
    dn_weights *weights;
    if (dn_weights_random(&weights, config, seed, NULL)) return NULL;
    for (dni_tensor_walk walk = dni_tensor_walk_start(config); dni_tensor_walk_next(&walk);) {
        float *values = dni_tensor_dict_find(weights->tensors, walk.name)->data;
        const size_t count = (size_t)walk.shape[0];
        if (walk.role == DNI_NORM_WEIGHT) fill(values, count, seed, walk.name, 0.75f, 1.25f);
        if (walk.role == DNI_NORM_BIAS) fill(values, count, seed, walk.name, -0.25f, 0.25f);
        if (walk.role == DNI_NORM_MEAN) fill(values, count, seed, walk.name, -0.25f, 0.25f);
        if (walk.role == DNI_NORM_VARIANCE) fill(values, count, seed, walk.name, 0.5f, 1.5f);
    }
    return weights;
}

float *seeded_inputs(uint64_t seed, size_t count) {
    float *inputs = malloc(count * sizeof *inputs);
    if (inputs) fill(inputs, count, seed, "input", -2.0f, 2.0f);
    return inputs;
}
