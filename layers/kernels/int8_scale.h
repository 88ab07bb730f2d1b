/* SPDX-License-Identifier: MIT */
/* The scale of an output channel whose weights become bytes, one tap an input channel.
 *
 * A weight that is far larger than the others makes the steps wide for all. Of a few scales the one with the
 * least sum of squared errors is taken, where the largest weights are cut off. Each error counts times the
 * mean of its input, because the deviation behind a ReLU grows with the mean.
 *
 * A vector holds four weights for as many scales as it has fours, and all scales are tried in one pass: the
 * sums have the same order, and so the same bits, whatever the width of a vector. */
#ifndef DN_LAYERS_KERNELS_INT8_SCALE_H
#define DN_LAYERS_KERNELS_INT8_SCALE_H

#include "layers/kernels/vector.h"

#include <math.h>
#include <string.h>

enum {
    LARGEST_WEIGHT = 127,
    SCALES = 8,
    FOUR = 4,
    SCALES_AT_ONCE = VW / FOUR,
    SCALE_VECTORS = SCALES / SCALES_AT_ONCE,
};

/* To the nearest integer, ties to even: beside 1.5 * 2^23 a float's last bit is 1. */
DNI_INLINE vec vec_nearest(vec x) {
    return x + 0x1.8p23f - 0x1.8p23f;
}

/* Four floats, as often as a vector holds them. */
DNI_INLINE vec vec_repeat_four(const float *from) {
#if DNI_VECTOR_WIDTH == 16
    return _mm512_broadcast_f32x4(_mm_loadu_ps(from));
#elif DNI_VECTOR_WIDTH == 8
    return _mm256_broadcast_ps((const void *)from);
#else
    return vec_load(from);
#endif
}

/* Adds the squared errors, in steps, of four weights. The sign of an error is of no account. */
DNI_INLINE void add_squared_errors(const float *weight, const float *mean, const vec *inverse, vec *sum) {
    const vec four = vec_repeat_four(weight), means = vec_repeat_four(mean);
    DNI_UNROLL for (int i = 0; i < SCALE_VECTORS; i++) {
        const vec x = (vec)((vec_mask)(four * inverse[i]) | INT32_MIN);
        const vec error = (x - vec_nearest(vec_max(x, vec_all(-LARGEST_WEIGHT)))) * means;
        sum[i] += error * error;
    }
}

/* inverses, sums (SCALES). mean: NULL stands for ones. */
static inline void squared_errors(const float *weight, const float *mean, size_t count, const float *inverses,
                                  float *sums) {
    static const float ones[FOUR] = {1.0f, 1.0f, 1.0f, 1.0f};
    const size_t whole = count / FOUR * FOUR, rest = count - whole;
    float lanes[SCALES * FOUR], last[FOUR] = {0}, last_mean[FOUR] = {0};
    vec inverse[SCALE_VECTORS], sum[SCALE_VECTORS];
    for (int i = 0; i < SCALES * FOUR; i++) lanes[i] = inverses[i / FOUR];
    DNI_UNROLL for (int i = 0; i < SCALE_VECTORS; i++) {
        inverse[i] = vec_load(lanes + i * VW);
        sum[i] = vec_zero();
    }
    for (size_t i = 0; i < whole; i += FOUR)
        add_squared_errors(weight + i, mean ? mean + i : ones, inverse, sum);
    memcpy(last, weight + whole, rest * sizeof *last);
    memcpy(last_mean, mean ? mean + whole : ones, rest * sizeof *last_mean);
    add_squared_errors(last, last_mean, inverse, sum);
    DNI_UNROLL for (int i = 0; i < SCALE_VECTORS; i++) vec_store(lanes + i * VW, sum[i]);
    for (int s = 0; s < SCALES; s++) {
        sums[s] = 0.0f;
        for (int i = 0; i < FOUR; i++) sums[s] += lanes[s * FOUR + i];
    }
}

/* The size of the weight that becomes 127, `largest` being the largest there is. */
static inline float best_largest(const float *weight, const float *mean, size_t count, float largest) {
    static const float shares[SCALES] = {1.0f, 0.96f, 0.92f, 0.88f, 0.84f, 0.8f, 0.75f, 0.7f};
    float inverses[SCALES], sums[SCALES], best = largest, least = INFINITY;
    for (int s = 0; s < SCALES; s++) inverses[s] = LARGEST_WEIGHT / (largest * shares[s]);
    squared_errors(weight, mean, count, inverses, sums);
    for (int s = 0; s < SCALES; s++) {
        const float error = sums[s] * shares[s] * shares[s];
        if (error >= least) continue;
        least = error;
        best = largest * shares[s];
    }
    return best;
}

#endif
