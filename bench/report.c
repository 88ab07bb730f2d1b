/* SPDX-License-Identifier: MIT */
/* Rows of JSON. */
#include "bench/report.h"

json_t *bench_stats_json(const bench_stats *stats) {
    return json_pack("{s:f, s:f, s:f, s:f, s:i}", "min", stats->min, "q1", stats->q1, "median", stats->median,
                     "q3", stats->q3, "runs", stats->count);
}

void bench_report_add(json_t *report, const char *part, json_t *row) {
    json_t *rows = json_object_get(report, part);
    if (!rows) {
        json_object_set_new(report, part, json_array());
        rows = json_object_get(report, part);
    }
    json_array_append_new(rows, row);
}
