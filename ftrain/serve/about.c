/* SPDX-License-Identifier: MIT */
/* What the server says of itself: the page, the model, its health and its counts. */
#include "ftrain/serve/site.h"

#include "ftrain/backbone/model_json.h"
#include "io/file.h"
#include "io/json.h"
#include "io/text_stream.h"

#include <stdlib.h>

extern const asset asset_serve_page_html, asset_serve_page_js, asset_serve_page_css;

void answer_page(void *context, const request *in, response *out) {
    (void)context;
    response_page(out, in, &asset_serve_page_html);
}

void answer_script(void *context, const request *in, response *out) {
    (void)context, (void)in;
    response_asset(out, &asset_serve_page_js);
}

void answer_style(void *context, const request *in, response *out) {
    (void)context, (void)in;
    response_asset(out, &asset_serve_page_css);
}

void answer_health(void *context, const request *in, response *out) {
    (void)context, (void)in;
    response_text(out, 200, "ok\n");
}

/* ---- the model ---- */

/* What was asked for by --coverage; null without it. */
static json_t *coverage_json(const class_sets *sets) {
    if (!sets->thresholds) return json_null();
    return json_pack("{s:f, s:b, s:i}", "asked", sets->coverage, "per_class", sets->per_class,
                     "calibration_count", sets->calibration);
}

void answer_model(void *context, const request *in, response *out) {
    (void)in;
    const site *of = context;
    json_t *value = json_pack("{s:o}", "model", dni_json_text(dni_path_name(of->model)));
    json_t *const more = json_pack("{s:s, s:o, s:{s:s, s:I, s:i, s:i}}", "precision", of->precision, "sets",
                                   coverage_json(of->sets), "server", "version", dn_version(), "max_body",
                                   (json_int_t)of->max_body, "queue", pipeline_capacity(of->pipeline),
                                   "batch", PIPELINE_BATCH);
    dni_json_update(&value, model_json(pipeline_info(of->pipeline)));
    dni_json_update(&value, more);
    response_json(out, 200, value);
}

/* ---- counts ---- */

static void write_pictures(FILE *to, pipeline_counts *counts) {
    const struct {
        const char *sample;
        unsigned long long count;
    } rows[] = {{"ftrain_pictures_total{outcome=\"judged\"}", atomic_load(&counts->judged)},
                {"ftrain_pictures_total{outcome=\"explained\"}", atomic_load(&counts->explained)},
                {"ftrain_pictures_total{outcome=\"refused\"}", atomic_load(&counts->refused)},
                {"ftrain_pictures_total{outcome=\"turned_away\"}", atomic_load(&counts->turned_away)}};
    metrics_declare(to, "ftrain_pictures_total", "counter", "Pictures by what became of them.");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        metrics_sample(to, rows[i].sample, (double)rows[i].count);
}

static void write_counts(FILE *to, const site *of, server *asked) {
    pipeline_counts *counts = pipeline_get_counts(of->pipeline);
    server_write_metrics(asked, to);
    write_pictures(to, counts);
    metrics_declare(to, "ftrain_queue_pictures", "gauge", "Pictures that are at work or wait.");
    metrics_sample(to, "ftrain_queue_pictures", pipeline_pending(of->pipeline));
    metrics_declare(to, "ftrain_queue_capacity", "gauge", "Pictures that may be at work or wait.");
    metrics_sample(to, "ftrain_queue_capacity", pipeline_capacity(of->pipeline));
    metrics_declare(to, "ftrain_batch_pictures", "histogram",
                    "Pictures that went through the network together.");
    metrics_histogram(to, "ftrain_batch_pictures", "", &counts->batches);
    metrics_declare(to, "ftrain_network_seconds", "histogram", "Time of a batch in the network.");
    metrics_histogram(to, "ftrain_network_seconds", "", &counts->network_seconds);
}

void answer_metrics(void *context, const request *in, response *out) {
    dni_text_stream counts;
    if (dni_text_stream_open(&counts)) write_counts(counts.to, context, in->server);
    (void)dni_text_stream_close(&counts); /* no text is an answer of its own */
    response_bytes(out, 200, "text/plain; version=0.0.4; charset=utf-8", counts.text, counts.size);
}
