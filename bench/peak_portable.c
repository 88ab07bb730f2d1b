/* SPDX-License-Identifier: MIT */
/* Without fused multiply-add, 4 floats wide, as the compiler's baseline has it on x86-64. Twelve accumulators
 * of sixteen registers cover the latency of a multiplication and an addition. */
#include "bench/peak.h"

enum { ACCUMULATORS = 12, LANES = 4 };

typedef float vec __attribute__((vector_size(LANES * sizeof(float))));

float bench_peak_portable(long rounds, double *flop) {
    *flop = 2.0 * BENCH_PEAK_STEPS * ACCUMULATORS * LANES;
    vec a[ACCUMULATORS];
    for (int i = 0; i < ACCUMULATORS; i++) a[i] = (vec){0, 1, 2, (float)i};
    const vec shrink = {0.999f, 0.999f, 0.999f, 0.999f}, grow = {0.001f, 0.001f, 0.001f, 0.001f};
    for (long r = 0; r < rounds; r++)
#pragma GCC unroll 16
        for (int s = 0; s < BENCH_PEAK_STEPS; s++)
#pragma GCC unroll 12
            for (int i = 0; i < ACCUMULATORS; i++) a[i] = a[i] * shrink + grow;
    vec sum = a[0];
    for (int i = 1; i < ACCUMULATORS; i++) sum += a[i];
    return sum[0] + sum[1] + sum[2] + sum[3];
}
