/* SPDX-License-Identifier: MIT */
/* Finding near copies: seconds and comparisons, for random perceptual hashes, which are no copies. */
#include "bench/bench.h"
#include "bench/report.h"
#include "core/clock.h"
#include "core/error.h"
#include "core/rng.h"
#include "io/duplicates.h"
#include "io/hamming_index.h"

#include <stdio.h>
#include <stdlib.h>

static const uint32_t counts[] = {20000, 200000, 1000000};
enum { COUNTS = sizeof counts / sizeof *counts, QUICK_COUNTS = 1, ASKED = 100000 };

typedef struct hashes {
    dni_hamming_item *items; /* (count), in the order of the index */
    uint32_t *found;         /* (count) */
    uint32_t count;
    uint64_t compared; /* by the last run */
    dn_status status;
    dn_error *error;
} hashes;

/* The items as they come: sorted ones would be faster to sort. */
static void draw(hashes *h) {
    dni_rng rng = dni_rng_named(h->count, "bench hashes");
    for (uint32_t i = 0; i < h->count; i++)
        h->items[i] = (dni_hamming_item){.hash = dni_rng_next(&rng), .index = i};
}

static void group(void *context) {
    hashes *const h = context;
    dni_hamming_index *index;
    draw(h);
    h->compared = 0;
    h->status = dni_hamming_index_create(&index, h->items, h->count, DNI_NEAR_DISTANCE, h->error);
    if (h->status) return;
    while (dni_hamming_index_take_cluster(index, h->found, &h->compared)) continue;
    dni_hamming_index_free(index);
}

/* Seconds of a search: each asks for a hash that is there, with two bits changed. */
static dn_status search(double *seconds, uint64_t *compared, const hashes *h, dn_error *error) {
    dni_hamming_index *index;
    const dn_status status = dni_hamming_index_create(&index, h->items, h->count, DNI_NEAR_DISTANCE, error);
    if (status) return status;
    dni_rng rng = dni_rng_named(h->count, "bench searches");
    *compared = 0;
    const double start = dni_clock_seconds();
    for (int i = 0; i < ASKED; i++) {
        uint32_t found;
        const uint64_t hash = h->items[dni_rng_below(&rng, h->count)].hash ^ 0x8001;
        (void)dni_hamming_index_nearest(index, hash, &found, compared);
    }
    *seconds = (dni_clock_seconds() - start) / ASKED;
    dni_hamming_index_free(index);
    return DN_OK;
}

static dn_status bench_count(bench_context *context, hashes *h, dn_error *error) {
    const bench_effort effort = bench_effort_of(context);
    double seconds;
    uint64_t compared;
    const bench_stats stats = bench_measure(&effort, group, h);
    const dn_status status = h->status ? h->status : search(&seconds, &compared, h, error);
    if (status) return status;
    printf("  %8u  all %9.1f ms  (%.1f - %.1f), %11.0f comparisons;  one %6.2f us, %4.0f comparisons\n",
           h->count, 1e3 * stats.median, 1e3 * stats.q1, 1e3 * stats.q3, (double)h->compared, 1e6 * seconds,
           (double)compared / ASKED);
    bench_report_add(context->report, "copies",
                     json_pack("{s:I, s:o, s:I, s:f, s:f}", "hashes", (json_int_t)h->count, "all",
                               bench_stats_json(&stats), "comparisons", (json_int_t)h->compared, "search",
                               seconds, "search_comparisons", (double)compared / ASKED));
    return DN_OK;
}

dn_status bench_copies(bench_context *context, dn_error *error) {
    printf("\nNear copies: random hashes, distance %d, 1 thread\n", DNI_NEAR_DISTANCE);
    dn_status status = DN_OK;
    for (int i = 0; !status && i < (context->quick ? QUICK_COUNTS : COUNTS); i++) {
        hashes h = {.items = malloc(counts[i] * sizeof *h.items),
                    .found = malloc(counts[i] * sizeof *h.found),
                    .count = counts[i],
                    .error = error};
        status = h.items && h.found ? bench_count(context, &h, error)
                                    : dni_no_memory(error, "%u perceptual hashes", counts[i]);
        free(h.items);
        free(h.found);
    }
    return status;
}
