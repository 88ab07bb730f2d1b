/* SPDX-License-Identifier: MIT */
/* The hash of weights, a tensor after the other. */
#include "densenet/weights_hash.h"

#include <stdio.h>
#include <string.h>

void dni_weights_hash_begin(dni_weights_hasher *hasher) {
    XXH3_INITSTATE(&hasher->state);
    XXH3_128bits_reset(&hasher->state);
}

void dni_weights_hash_tensor(dni_weights_hasher *hasher, const dni_tensor_walk *walk) {
    XXH3_128bits_update(&hasher->state, walk->name, strlen(walk->name) + 1);
    XXH3_128bits_update(&hasher->state, walk->shape, (size_t)walk->rank * sizeof *walk->shape);
}

void dni_weights_hash_values(dni_weights_hasher *hasher, const float *values, size_t count) {
    XXH3_128bits_update(&hasher->state, values, count * sizeof *values);
}

void dni_weights_hash_end(const dni_weights_hasher *hasher, char hex[33]) {
    const XXH128_hash_t hash = XXH3_128bits_digest(&hasher->state);
    snprintf(hex, 33, "%016llx%016llx", (unsigned long long)hash.high64, (unsigned long long)hash.low64);
}
