/* SPDX-License-Identifier: MIT */
/* Random numbers that depend on nothing but a key and a position: SplitMix64 (Steele, Lea & Flood 2014).
 *
 * Element i of a stream is mix(key + (i + 1) * 0x9e3779b97f4a7c15), so a stream can be read from anywhere, by
 * any number of threads, and by a few lines of Python: that is what makes seeded weights the same
 * everywhere. */
#ifndef DN_CORE_RNG_H
#define DN_CORE_RNG_H

#include <stdint.h>

typedef struct dni_rng {
    uint64_t key;      /* names the stream */
    uint64_t position; /* the next element */
} dni_rng;

/* The stream for a purpose, such as the name of a tensor, under a seed: key = mix(seed ^
 * FNV-1a-64(purpose)). */
dni_rng dni_rng_named(uint64_t seed, const char *purpose);

uint64_t dni_rng_at(const dni_rng *rng, uint64_t position); /* element `position`; the stream does not move */
uint64_t dni_rng_next(dni_rng *rng);
/* Uniform in [0, 1), multiples of 2^-24. */
float dni_rng_uniform(dni_rng *rng);
/* Uniform in [0, bound), without bias (Lemire's multiplication with rejection); bound >= 1. */
uint64_t dni_rng_below(dni_rng *rng, uint64_t bound);
/* Shuffles `count` items (Fisher-Yates). */
void dni_rng_shuffle(dni_rng *rng, uint32_t *items, uint32_t count);

#endif
