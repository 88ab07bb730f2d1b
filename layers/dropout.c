/* SPDX-License-Identifier: MIT */
/* Inverted dropout from a counter-based random stream. */
#include "layers/dropout.h"

void dni_dropout(float *x, size_t count, float p, const dni_rng *rng, uint64_t position) {
    const float scale = 1.0f / (1.0f - p);
    dni_rng stream = {.key = rng->key, .position = position};
    for (size_t i = 0; i < count; i++) x[i] = dni_rng_uniform(&stream) >= p ? x[i] * scale : 0.0f;
}
