/* SPDX-License-Identifier: MIT */
/* The hash of weights: XXH3 with 128 bits over name, shape and values of each tensor of the walk but the
 * classifier's, in the walk's order. */
#ifndef DN_DENSENET_WEIGHTS_HASH_H
#define DN_DENSENET_WEIGHTS_HASH_H

#include "densenet/topology.h"

#define XXH_STATIC_LINKING_ONLY /* the hash's state on the stack: hashing cannot fail */
#include <xxhash.h>

#include <stddef.h>

/* A hash that is being computed. */
typedef struct dni_weights_hasher {
    XXH3_state_t state;
} dni_weights_hasher;

void dni_weights_hash_begin(dni_weights_hasher *hasher);
/* The walk's present tensor is next; its values follow, in as many pieces as may be. */
void dni_weights_hash_tensor(dni_weights_hasher *hasher, const dni_tensor_walk *walk);
void dni_weights_hash_values(dni_weights_hasher *hasher, const float *values, size_t count);
/* 32 digits and a zero byte. */
void dni_weights_hash_end(const dni_weights_hasher *hasher, char hex[33]);

#endif
