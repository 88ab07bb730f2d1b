/* SPDX-License-Identifier: MIT */
/* Counters and histograms in Prometheus's text exposition format 0.0.4. Any number of threads. */
#ifndef FTRAIN_SERVER_METRICS_H
#define FTRAIN_SERVER_METRICS_H

#include <stdatomic.h>
#include <stdio.h>

enum { HISTOGRAM_BOUNDS = 16 };

/* How many values were at most as large as each bound. `bounds` rise and are at most HISTOGRAM_BOUNDS. */
typedef struct histogram {
    const double *bounds;
    int bound_count;
    atomic_ullong
        buckets[HISTOGRAM_BOUNDS + 1]; /* of the values above the bound before; the last: above all */
    atomic_ullong sum_millionths;
} histogram;

/* Bounds for seconds, 5 ms to 30 s. */
histogram histogram_of_seconds(void);
void histogram_add(histogram *self, double value);

/* "# HELP" and "# TYPE" lines; then one line a sample. */
void metrics_declare(FILE *to, const char *name, const char *type, const char *help);
void metrics_sample(FILE *to, const char *name, double value);
/* `labels`: `path="/"`, without braces, or "". Declares nothing. */
void metrics_histogram(FILE *to, const char *name, const char *labels, const histogram *values);

#endif
