/* SPDX-License-Identifier: MIT */
/* Whole networks: batch 1 and 16, on one to all threads. */
#include "bench/bench.h"
#include "bench/network_parts.h"
#include "bench/report.h"
#include "bench/samples.h"
#include "bench/shapes.h"
#include "core/clock.h"
#include "core/error.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LARGEST_BATCH = 16 };

typedef struct forward_run {
    dn_session *session;
    const float *inputs;
    float *features;
    int batch;
    dn_status status;
    dn_error *error;
} forward_run;

static void forward(void *context) {
    forward_run *r = context;
    const dn_outputs outputs = {.features = r->features};
    if (r->status == DN_OK)
        r->status = dn_session_forward(r->session, r->inputs, r->batch, &outputs, r->error);
}

static void report_setting(bench_context *context, const bench_passes *passes, const bench_stats *stats,
                           size_t arena) {
    const dn_config *config = dn_model_config(passes->model);
    const double seconds = stats->median / passes->batch;
    const double rate = bench_network_flop(config) / seconds;
    printf(
        "    batch %2d, %d thread%s  %8.2f ms an image  (%.2f - %.2f)  %6.1f GFLOP/s  %4.0f %% of peak  arena %.1f MB\n",
        passes->batch, passes->threads, passes->threads > 1 ? "s" : " ", 1e3 * seconds,
        1e3 * stats->q1 / passes->batch, 1e3 * stats->q3 / passes->batch, 1e-9 * rate,
        100 * rate / passes->peak, 1e-6 * (double)arena);
    bench_report_add(context->report, "networks",
                     json_pack("{s:s, s:i, s:i, s:o, s:f, s:f, s:f, s:I}", "network", config->name, "batch",
                               passes->batch, "threads", passes->threads, "seconds", bench_stats_json(stats),
                               "seconds_an_image", seconds, "flops", rate, "share_of_peak",
                               rate / passes->peak, "arena", (json_int_t)arena));
}

/* The same passes with samples of where they are. */
static void take_samples(bench_context *context, const bench_passes *passes, forward_run *r) {
    bench_effort effort = bench_effort_of(context);
    effort.seconds *= 20;
    r->status = bench_samples_start(r->error);
    if (r->status != DN_OK) return;
    const bench_stats stats = bench_measure(&effort, forward, r);
    json_t *row = bench_samples_stop();
    json_object_set_new(row, "network", json_string(dn_model_config(passes->model)->name));
    json_object_set_new(row, "batch", json_integer(passes->batch));
    json_object_set_new(row, "threads", json_integer(passes->threads));
    json_object_set_new(row, "seconds_an_image", json_real(stats.median / passes->batch));
    bench_report_add(context->report, "samples", row);
}

static dn_status bench_setting(bench_context *context, const bench_passes *passes, dn_error *error) {
    dn_session_options options = dn_session_options_default();
    options.batch = passes->batch;
    options.threads = passes->threads;
    forward_run r = {
        .inputs = passes->inputs, .features = passes->features, .batch = passes->batch, .error = error};
    dn_status status = dn_session_create(&r.session, passes->model, &options, error);
    if (status != DN_OK) return status;
    bench_effort effort = bench_effort_of(context);
    effort.seconds *= 5;
    const bench_stats stats = bench_measure(&effort, forward, &r);
    if (r.status == DN_OK) report_setting(context, passes, &stats, dn_session_arena_size(r.session));
    if (r.status == DN_OK && context->samples && passes->threads == 1) take_samples(context, passes, &r);
    dn_session_free(r.session);
    if (r.status == DN_OK && context->parts) r.status = bench_network_parts(context, passes, error);
    return r.status;
}

static dn_status load(dn_model **model, bench_context *context, const dn_config *config, dn_error *error) {
    dn_weights *weights;
    dn_status status = bench_seeded_weights(&weights, config, 1, context->threads, error);
    if (status != DN_OK) return status;
    const double start = dni_clock_seconds();
    const dn_model_options options = {
        .struct_size = sizeof options, .precision = context->precision, .memory = context->memory};
    status = dn_model_create(model, weights, &options, error);
    const double seconds = dni_clock_seconds() - start;
    dn_weights_free(weights);
    if (status == DN_OK)
        printf("\n  %s: weights prepared in %.0f ms, %.1f MB\n", config->name, 1e3 * seconds,
               1e-6 * (double)dn_model_size(*model));
    return status;
}

static dn_status bench_config(bench_context *context, const dn_config *config, const float *inputs,
                              dn_error *error) {
    dn_model *model;
    dn_status status = load(&model, context, config, error);
    if (status != DN_OK) return status;
    float *features = malloc(LARGEST_BATCH * (size_t)config->features * sizeof *features);
    if (!features) status = dni_fail(error, DN_ERR_MEMORY, "out of memory for features");
    const int batches[] = {1, LARGEST_BATCH};
    for (int b = 0; b < (context->quick ? 1 : 2); b++)
        for (int threads = 1; status == DN_OK && threads <= context->threads; threads++) {
            const bench_passes passes = {.model = model,
                                         .batch = batches[b],
                                         .threads = threads,
                                         .inputs = inputs,
                                         .features = features,
                                         .peak = bench_peak(context->isa, threads)};
            status = bench_setting(context, &passes, error);
        }
    free(features);
    dn_model_free(model);
    return status;
}

dn_status bench_network(bench_context *context, dn_error *error) {
    printf("\nNetworks: 224x224 to features, %s; FLOP as of direct convolution\n",
           dni_isa_name(context->isa));
    float *inputs;
    dn_status status = bench_seeded_inputs(&inputs, LARGEST_BATCH, error);
    for (int i = 0; status == DN_OK && dn_config_at(i); i++)
        if (!context->network || strcmp(context->network, dn_config_at(i)->name) == 0)
            status = bench_config(context, dn_config_at(i), inputs, error);
    free(inputs);
    return status;
}
