/* SPDX-License-Identifier: MIT */
/* AVX-512: 16 floats wide, 24 accumulators of 32 registers. */
#include "bench/peak.h"

#include <immintrin.h>

enum { ACCUMULATORS = 24, LANES = 16 };

float bench_peak_avx512(long rounds, double *flop) {
    *flop = 2.0 * BENCH_PEAK_STEPS * ACCUMULATORS * LANES;
    __m512 a[ACCUMULATORS];
    for (int i = 0; i < ACCUMULATORS; i++) a[i] = _mm512_set1_ps((float)i);
    const __m512 shrink = _mm512_set1_ps(0.999f), grow = _mm512_set1_ps(0.001f);
    for (long r = 0; r < rounds; r++)
#pragma GCC unroll 16
        for (int s = 0; s < BENCH_PEAK_STEPS; s++)
#pragma GCC unroll 24
            for (int i = 0; i < ACCUMULATORS; i++) a[i] = _mm512_fmadd_ps(a[i], shrink, grow);
    for (int i = 1; i < ACCUMULATORS; i++) a[0] = _mm512_add_ps(a[0], a[i]);
    float sum[LANES];
    _mm512_storeu_ps(sum, a[0]);
    return sum[0] + sum[LANES - 1];
}
