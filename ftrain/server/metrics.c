/* SPDX-License-Identifier: MIT */
/* Counters and histograms. */
#include "ftrain/server/metrics.h"

histogram histogram_of_seconds(void) {
    static const double bounds[] = {0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30};
    return (histogram){.bounds = bounds, .bound_count = sizeof bounds / sizeof *bounds};
}

void histogram_add(histogram *self, double value) {
    int bucket = 0;
    while (bucket < self->bound_count && value > self->bounds[bucket]) bucket++;
    atomic_fetch_add(&self->buckets[bucket], 1);
    atomic_fetch_add(&self->sum_millionths, (unsigned long long)(value * 1e6));
}

void metrics_declare(FILE *to, const char *name, const char *type, const char *help) {
    fprintf(to, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

void metrics_sample(FILE *to, const char *name, double value) {
    fprintf(to, "%s %.15g\n", name, value);
}

void metrics_histogram(FILE *to, const char *name, const char *labels, const histogram *values) {
    unsigned long long count = 0;
    const char *comma = labels[0] ? "," : "";
    for (int i = 0; i < values->bound_count; i++) {
        count += atomic_load(&values->buckets[i]);
        fprintf(to, "%s_bucket{%s%sle=\"%g\"} %llu\n", name, labels, comma, values->bounds[i], count);
    }
    count += atomic_load(&values->buckets[values->bound_count]);
    const double sum = (double)atomic_load(&values->sum_millionths) / 1e6;
    fprintf(to, "%s_bucket{%s%sle=\"+Inf\"} %llu\n", name, labels, comma, count);
    if (labels[0])
        fprintf(to, "%s_sum{%s} %.15g\n%s_count{%s} %llu\n", name, labels, sum, name, labels, count);
    else
        fprintf(to, "%s_sum %.15g\n%s_count %llu\n", name, sum, name, count);
}
