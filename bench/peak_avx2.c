/* SPDX-License-Identifier: MIT */
/* AVX2 and FMA: 8 floats wide, twelve accumulators of sixteen registers, enough for two units of latency 4 or
 * 5. */
#include "bench/peak.h"

#include <immintrin.h>

enum { ACCUMULATORS = 12, LANES = 8 };

float bench_peak_avx2(long rounds, double *flop) {
    *flop = 2.0 * BENCH_PEAK_STEPS * ACCUMULATORS * LANES;
    __m256 a[ACCUMULATORS];
    for (int i = 0; i < ACCUMULATORS; i++) a[i] = _mm256_set1_ps((float)i);
    const __m256 shrink = _mm256_set1_ps(0.999f), grow = _mm256_set1_ps(0.001f);
    for (long r = 0; r < rounds; r++)
#pragma GCC unroll 16
        for (int s = 0; s < BENCH_PEAK_STEPS; s++)
#pragma GCC unroll 12
            for (int i = 0; i < ACCUMULATORS; i++) a[i] = _mm256_fmadd_ps(a[i], shrink, grow);
    for (int i = 1; i < ACCUMULATORS; i++) a[0] = _mm256_add_ps(a[0], a[i]);
    float sum[LANES];
    _mm256_storeu_ps(sum, a[0]);
    return sum[0] + sum[LANES - 1];
}
