/* SPDX-License-Identifier: MIT */
/* SplitMix64 streams. */
#include "core/rng.h"

__extension__ typedef unsigned __int128 uint128; /* not ISO C; every 64-bit compiler that we know has it */

static uint64_t mix(uint64_t z) {
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

dni_rng dni_rng_named(uint64_t seed, const char *purpose) {
    uint64_t hash = 0xcbf29ce484222325u;
    for (const char *c = purpose; *c; c++) hash = (hash ^ (unsigned char)*c) * 0x100000001b3u;
    return (dni_rng){.key = mix(seed ^ hash)};
}

uint64_t dni_rng_at(const dni_rng *rng, uint64_t position) {
    return mix(rng->key + (position + 1) * 0x9e3779b97f4a7c15u);
}

uint64_t dni_rng_next(dni_rng *rng) {
    return dni_rng_at(rng, rng->position++);
}

float dni_rng_uniform(dni_rng *rng) {
    return (float)(dni_rng_next(rng) >> 40) * 0x1p-24f;
}

uint64_t dni_rng_below(dni_rng *rng, uint64_t bound) {
    for (;;) {
        const uint128 product = (uint128)dni_rng_next(rng) * bound;
        const uint64_t low = (uint64_t)product;
        if (low >= bound || low >= -bound % bound) return (uint64_t)(product >> 64);
    }
}

void dni_rng_shuffle(dni_rng *rng, uint32_t *items, uint32_t count) {
    for (uint32_t i = count; i > 1; i--) {
        const uint32_t j = (uint32_t)dni_rng_below(rng, i);
        const uint32_t item = items[j];
        items[j] = items[i - 1];
        items[i - 1] = item;
    }
}
