/* SPDX-License-Identifier: MIT */
/* Timing a piece of work: repeated runs, told by their quartiles.
 *
 * The median is the figure to quote and the quartiles are its honesty: where they lie far apart, something
 * else was at work on the machine. The minimum is what the code can do when nothing disturbs it. */
#ifndef BENCH_STATS_H
#define BENCH_STATS_H

typedef struct bench_stats {
    double min, q1, median, q3; /* seconds */
    int count;
} bench_stats;

/* How long to go on. */
typedef struct bench_effort {
    double seconds; /* time after which no further run is started, once there are `least` */
    int least, most;
} bench_effort;

enum { BENCH_MAX_RUNS = 64 };

/* Of 1 <= count samples, which are sorted in place. */
bench_stats bench_stats_of(double *samples, int count);

/* Runs work(context) once to warm up, and then as often as the effort says (at most BENCH_MAX_RUNS times).
 * Work so slow that its warm-up alone took all the time is not run again: that run is the one sample. */
bench_stats bench_measure(const bench_effort *effort, void (*work)(void *context), void *context);

#endif
