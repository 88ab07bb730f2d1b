/* SPDX-License-Identifier: MIT */
/* Loops that do nothing but multiply and add float32 in registers, one for each tier: the roof over every
 * kernel of that tier. */
#ifndef BENCH_PEAK_H
#define BENCH_PEAK_H

/* Runs `rounds` rounds of BENCH_PEAK_STEPS dependent steps on independent registers and returns what they add
 * up to, so that no compiler leaves them out; *flop is set to the operations of one round. */
typedef float bench_peak_loop(long rounds, double *flop);

enum { BENCH_PEAK_STEPS = 16 };

bench_peak_loop bench_peak_portable;
#if defined(__aarch64__)
bench_peak_loop bench_peak_neon;
#elif defined(__x86_64__)
bench_peak_loop bench_peak_avx2, bench_peak_avx512;
#endif

#endif
