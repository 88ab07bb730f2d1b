/* SPDX-License-Identifier: MIT */
/* libdensenet as an engine among its peers, through its public interface alone. Variants: bf16, int8, low. On
 * stderr it says what it is, as JSON. */
#include "bench/peers/server.h"

#include "densenet/densenet.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct engine {
    dn_session *session;
    const float *inputs;
    int batch;
    dn_outputs outputs;
} engine;

static void forward(void *context) {
    const engine *e = context;
    dn_error error;
    if (dn_session_forward(e->session, e->inputs, e->batch, &e->outputs, &error) != DN_OK)
        server_fail("%s", error.message);
}

static dn_model_options model_options_of(const server_job *job) {
    dn_model_options options = {.struct_size = sizeof options, .threads = job->threads};
    if (strcmp(job->variant, "bf16") == 0)
        options.precision = DN_PRECISION_BFLOAT16;
    else if (strcmp(job->variant, "int8") == 0)
        options.precision = DN_PRECISION_INT8;
    else if (strcmp(job->variant, "low") == 0)
        options.memory = DN_MEMORY_LOW;
    else if (*job->variant)
        server_fail("variant '%s'", job->variant);
    return options;
}

int main(int argc, char **argv) {
    static const char *const precisions[] = {
        [DN_PRECISION_FLOAT32] = "fp32", [DN_PRECISION_BFLOAT16] = "bf16", [DN_PRECISION_INT8] = "int8"};
    const server_job job = server_job_read(argc, argv);
    dn_error error;
    dn_model *model;
    dn_session *session;
    const dn_model_options model_options = model_options_of(&job);
    if (dn_model_load(&model, job.weights, &model_options, &error) != DN_OK) server_fail("%s", error.message);
    fprintf(stderr, "{\"version\": \"%s\", \"tier\": \"%s\", \"precision\": \"%s\", \"memory\": \"%s\"}\n",
            dn_version(), dn_model_tier(model), precisions[model_options.precision],
            model_options.memory == DN_MEMORY_LOW ? "low" : "fast");
    dn_session_options options = dn_session_options_default();
    options.batch = job.batch;
    options.threads = job.threads;
    if (dn_session_create(&session, model, &options, &error) != DN_OK) server_fail("%s", error.message);

    const size_t features = (size_t)dn_model_config(model)->features, batch = (size_t)job.batch;
    engine e = {.session = session, .inputs = job.inputs, .batch = job.batch};
    e.outputs = (dn_outputs){.features = server_floats(batch * features),
                             .logits = server_floats(batch * SERVER_LOGITS)};
    const server_result results[] = {{e.outputs.features, batch * features},
                                     {e.outputs.logits, batch * SERVER_LOGITS}};
    const int status = server_run(job.outputs, forward, &e, results, 2);
    dn_session_free(session);
    dn_model_free(model);
    free(e.outputs.features);
    free(e.outputs.logits);
    free(job.inputs);
    return status;
}
