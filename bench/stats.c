/* SPDX-License-Identifier: MIT */
/* Repeated runs and their quartiles. */
#include "bench/stats.h"
#include "core/clock.h"

#include <stdlib.h>

static int by_value(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Linear between the two samples around it. */
static double quantile(const double *sorted, int count, double share) {
    const double position = share * (count - 1);
    const int below = (int)position, above = below + 1 < count ? below + 1 : below;
    return sorted[below] + (position - below) * (sorted[above] - sorted[below]);
}

bench_stats bench_stats_of(double *samples, int count) {
    qsort(samples, (size_t)count, sizeof *samples, by_value);
    return (bench_stats){.min = samples[0],
                         .q1 = quantile(samples, count, 0.25),
                         .median = quantile(samples, count, 0.5),
                         .q3 = quantile(samples, count, 0.75),
                         .count = count};
}

static double timed(void (*work)(void *context), void *context) {
    const double start = dni_clock_seconds();
    work(context);
    return dni_clock_seconds() - start;
}

bench_stats bench_measure(const bench_effort *effort, void (*work)(void *context), void *context) {
    double samples[BENCH_MAX_RUNS] = {timed(work, context)};
    if (samples[0] > effort->seconds) return bench_stats_of(samples, 1);
    const int most = effort->most < BENCH_MAX_RUNS ? effort->most : BENCH_MAX_RUNS;
    double total = 0;
    int count = 0;
    while (count < most && (count < effort->least || total < effort->seconds)) {
        samples[count] = timed(work, context);
        total += samples[count++];
    }
    return bench_stats_of(samples, count);
}
