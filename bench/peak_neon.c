/* SPDX-License-Identifier: MIT */
/* NEON: 4 floats wide, twenty accumulators of 32 registers, enough for four units of latency 4. */
#include "bench/peak.h"

#include <arm_neon.h>

enum { ACCUMULATORS = 20, LANES = 4 };

float bench_peak_neon(long rounds, double *flop) {
    *flop = 2.0 * BENCH_PEAK_STEPS * ACCUMULATORS * LANES;
    float32x4_t a[ACCUMULATORS];
    for (int i = 0; i < ACCUMULATORS; i++) a[i] = vdupq_n_f32((float)i);
    const float32x4_t x = vdupq_n_f32(0.001f), y = vdupq_n_f32(0.5f);
    for (long r = 0; r < rounds; r++)
#pragma GCC unroll 16
        for (int s = 0; s < BENCH_PEAK_STEPS; s++)
#pragma GCC unroll 20
            for (int i = 0; i < ACCUMULATORS; i++) a[i] = vfmaq_f32(a[i], x, y);
    for (int i = 1; i < ACCUMULATORS; i++) a[0] = vaddq_f32(a[0], a[i]);
    return vaddvq_f32(a[0]);
}
