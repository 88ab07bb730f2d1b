/* SPDX-License-Identifier: MIT */
/* ftrain serve: predictions over HTTP. */
#include "ftrain/backbone/model_attach.h"
#include "ftrain/sandbox/sandbox.h"
#include "ftrain/serve/site.h"
#include "ftrain/shell/commands.h"
#include "ftrain/shell/message.h"
#include "ftrain/shell/quote.h"

#include "core/pool.h"

#include <stdio.h>

enum { DEFAULT_QUEUE = 128, DEFAULT_MEGABYTES = 32 };

typedef struct serve_run {
    const char *model, *weights_option;
    server_options server_options;
    network_options network;
    class_set_options set_options;
    int queue, max_megabytes;
    bool demands_sandbox, may_use_sandbox;

    dn_classifier *classifier;
    class_sets sets;
    pipeline *pipeline;
    server *server;
} serve_run;

static const route routes[] = {
    {"GET", "/", answer_page, 0},
    {"GET", "/page.js", answer_script, 0},
    {"GET", "/page.css", answer_style, 0},
    {"POST", "/v1/predict", answer_predict, 0},
    {"POST", "/v1/explain", answer_explain, 0},
    {"GET", "/v1/model", answer_model, 0},
    {"GET", "/healthz", answer_health, ROUTE_OPEN},
    {"GET", "/metrics", answer_metrics, 0},
};

static outcome check_options(const serve_run *run) {
    if (!run->model) {
        message("serve: -m MODEL is missing");
        return OUTCOME_USAGE;
    }
    if (run->demands_sandbox && !run->may_use_sandbox) {
        message("--sandbox and --no-sandbox: give one of them");
        return OUTCOME_USAGE;
    }
    outcome code = run->demands_sandbox ? sandbox_check() : OUTCOME_OK;
    if (!code) code = server_options_check(&run->server_options);
    if (!code) code = class_set_options_check(&run->set_options);
    return code ? code : network_options_check(&run->network);
}

static outcome open_model(serve_run *run) {
    dn_error error;
    if (dn_classifier_load(&run->classifier, run->model, &error)) return report(&error, OUTCOME_MODEL);
    outcome code = class_sets_open(&run->sets, &run->set_options, run->model, run->classifier);
    if (!code) code = model_attach(run->classifier, run->weights_option, &run->network, PIPELINE_BATCH);
    const int decoders = run->network.threads ? run->network.threads : dni_pool_cores();
    return code ? code : pipeline_create(&run->pipeline, run->classifier, decoders, run->queue);
}

/* With all threads that there are: before the first byte of a request is read. */
static outcome enter_sandbox(const serve_run *run) {
    if (run->may_use_sandbox) return sandbox_enter_server(run->demands_sandbox);
    message("without a sandbox: --no-sandbox was given");
    return OUTCOME_OK;
}

static outcome tell_address(const serve_run *run) {
    fputs("serving ", stdout);
    quote_write(stdout, run->model);
    printf(" on %s\n", server_url(run->server));
    return fflush(stdout) == 0 ? OUTCOME_OK : OUTCOME_MACHINE; /* main() tells */
}

static outcome serve_site(serve_run *run) {
    site about = {.model = run->model,
                  .precision = precision_name(run->network.precision),
                  .max_body = (size_t)run->max_megabytes << 20,
                  .pipeline = run->pipeline,
                  .sets = &run->sets};
    const server_site served = {.routes = routes,
                                .route_count = sizeof routes / sizeof *routes,
                                .context = &about,
                                .max_body = about.max_body};
    outcome code = server_open(&run->server, &run->server_options, &served);
    if (!code) code = enter_sandbox(run);
    if (!code) code = server_start(run->server);
    if (!code) code = tell_address(run);
    if (!code) code = server_run(run->server);
    server_free(run->server); /* before what its handlers use */
    return code;
}

static outcome serve(serve_run *run) {
    outcome code = check_options(run);
    if (!code) code = open_model(run);
    return code ? code : serve_site(run);
}

static const option_spec rows[] = {
    MODEL_OPTION(serve_run, model),
    MODEL_WEIGHTS_OPTION(serve_run, weights_option),
    OPT_GROUP(serve_run, set_options, class_set_option_table),
    OPT_GROUP(serve_run, server_options, server_option_table),
    OPT_INT("queue", 0, serve_run, queue, 1, 10000, "N",
            "pictures that may be at work or wait; more are turned away (default 128)"),
    OPT_INT("max-size", 0, serve_run, max_megabytes, 1, 1024, "MB", "the largest request (default 32)"),
    OPT_FLAG("sandbox", 0, serve_run, demands_sandbox,
             "do not serve unless in a sandbox; it is in one by itself where the system has it"),
    OPT_NO_FLAG("no-sandbox", 0, serve_run, may_use_sandbox, "serve without a sandbox"),
    OPT_GROUP(serve_run, network, network_option_table),
};

static outcome run(const command *self, int argc, char **argv) {
    serve_run state = {.queue = DEFAULT_QUEUE, .max_megabytes = DEFAULT_MEGABYTES, .may_use_sandbox = true};
    int first;
    outcome code = parse_options(self, &state, argc, argv, &first);
    if (!code) code = serve(&state);
    pipeline_free(state.pipeline);
    class_sets_close(&state.sets);
    dn_classifier_free(state.classifier);
    return code;
}

const command serve_command = {
    .name = "serve",
    .arguments = "-m MODEL [options]",
    .summary = "tell the classes of pictures over HTTP, and on a page",
    .description =
        "Answers requests until Ctrl-C or SIGTERM, and then those that have begun. Its first line names its address,\n"
        "where a browser finds a page onto which pictures are dropped. For programs:\n\n"
        "  POST /v1/predict   a picture as the body, or several as multipart/form-data; ?top=N\n"
        "  POST /v1/explain   one picture: its prediction and its map of evidence; ?class=NAME\n"
        "  GET  /v1/model     classes, backbone, preprocessing and recipe\n"
        "  GET  /healthz      'ok' while it serves\n"
        "  GET  /metrics      counts and times, for Prometheus\n\n"
        "It is reached from this machine alone, unless --listen says otherwise; then every request must bear an access\n"
        "token, 'Authorization: Bearer TOKEN', and TLS is the business of a proxy before it. Once the model is loaded it\n"
        "locks itself in: it opens no file, starts no program and makes no connection, whatever a picture does to it.\n\n"
        "  ftrain serve -m flowers.safetensors --port 8080\n"
        "  curl -H 'Content-Type: image/jpeg' --data-binary @a.jpg http://127.0.0.1:8080/v1/predict\n"
        "  curl -F a=@a.jpg -F b=@b.png http://127.0.0.1:8080/v1/predict\n\n",
    .options = OPTIONS(rows),
    .run = run,
};
