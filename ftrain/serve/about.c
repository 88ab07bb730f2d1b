/* What the server says of itself: the page, the model, its health and its counts. */
#include "ftrain/serve/site.h"

#include "io/file.h"
#include "io/json.h"

#include <stdlib.h>
#include <string.h>

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

/* JSON that the model file holds as text, which dn_classifier_load() has checked. */
static json_t *parsed(const char *text) {
    json_t *value;
    json_error_t reason;
    return dni_json_parse(&value, text, strlen(text), 0, &reason) ? NULL : value;
}

static json_t *preprocessing_json(const dn_preprocessing *preprocessing) {
    char *text = dni_preprocessing_to_json(preprocessing);
    json_t *value = text ? parsed(text) : NULL;
    free(text);
    return value;
}

static json_t *classes_json(const dn_classifier_info *info) {
    json_t *classes = json_array();
    for (int c = 0; c < info->class_count; c++)
        json_array_append_new(classes, dni_json_text(info->classes[c]));
    return classes;
}

/* What was asked for by --coverage; null without it. */
static json_t *coverage_json(const class_sets *sets) {
    if (!sets->thresholds) return json_null();
    return json_pack("{s:f, s:b, s:i}", "coverage", sets->coverage, "per_class", sets->per_class,
                     "calibration_pictures", sets->calibration);
}

void answer_model(void *context, const request *in, response *out) {
    (void)in;
    const site *of = context;
    const dn_classifier_info *info = pipeline_info(of->pipeline);
    json_t *value = json_pack(
        "{s:o, s:o, s:s, s:o, s:s, s:s, s:o, s:I, s:o?, s:o?, s:o, s:{s:s, s:I, s:i, s:i}}", "model",
        dni_json_text(dni_path_name(of->model)), "classes", classes_json(info), "backbone", info->backbone,
        "weights", dni_json_text(info->weights_source), "hash", info->weights_hash, "precision",
        of->precision, "preprocessing", preprocessing_json(&info->preprocessing), "seed",
        (json_int_t)info->seed, "recipe", parsed(info->recipe), "metrics", parsed(info->metrics), "sets",
        coverage_json(of->sets), "server", "version", dn_version(), "max_body", (json_int_t)of->max_body,
        "queue", pipeline_capacity(of->pipeline), "batch", PIPELINE_BATCH);
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
    char *text = NULL;
    size_t size = 0;
    FILE *to = open_memstream(&text, &size);
    if (to) write_counts(to, context, in->server);
    if (to && fclose(to) != 0) {
        free(text);
        text = NULL;
    }
    response_bytes(out, 200, "text/plain; version=0.0.4; charset=utf-8", text, size);
}
