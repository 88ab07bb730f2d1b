/* SPDX-License-Identifier: MIT */
/* Results for programs: one JSON object, a list of rows for each part of the bench. */
#ifndef BENCH_REPORT_H
#define BENCH_REPORT_H

#include "bench/stats.h"

#include <jansson.h>

/* {"min", "q1", "median", "q3"} in seconds, and "runs". A new reference, as json_pack's "o" takes. */
json_t *bench_stats_json(const bench_stats *stats);

/* Appends a row to the list of that part; takes the reference. */
void bench_report_add(json_t *report, const char *part, json_t *row);

#endif
