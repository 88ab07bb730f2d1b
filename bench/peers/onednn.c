/* SPDX-License-Identifier: MIT */
/* DenseNet on oneDNN as an engine. The variant is the file that ranges.py has written: then in int8,
 * by onednn_int8.c. Without one it is in float32, by onednn_f32.c. */
#include "bench/peers/onednn.h"

static void forward(void *context) {
    network *net = context;
    const size_t image = (size_t)3 * SERVER_SIZE * SERVER_SIZE;
    for (int i = 0; i < net->batch; i++) {
        CHECK(dnnl_memory_set_data_handle(net->entry, (void *)(uintptr_t)(net->inputs + (size_t)i * image)));
        CHECK(dnnl_memory_set_data_handle(net->exit, (char *)net->last + (size_t)i * net->last_bytes));
        run(net, &net->one);
    }
    run(net, &net->together);
}

/* Planes of R, G and B, as oneDNN's first convolution reads fastest. */
static float *planes(const server_job *job) {
    const size_t pixels = (size_t)SERVER_SIZE * SERVER_SIZE, batch = (size_t)job->batch;
    float *out = server_floats(batch * 3 * pixels);
    for (size_t n = 0; n < batch; n++)
        for (size_t p = 0; p < pixels; p++)
            for (size_t c = 0; c < 3; c++)
                out[(3 * n + c) * pixels + p] = job->inputs[3 * (n * pixels + p) + c];
    return out;
}

/* The member of the family with a classifier of that many features. */
static const dn_config *recognise(const dni_tensor_dict *weights) {
    const dni_tensor *classifier = dni_tensor_dict_find(weights, "classifier.weight");
    for (int i = 0; classifier && dn_config_at(i); i++)
        if (dn_config_at(i)->features == classifier->shape[1]) return dn_config_at(i);
    server_fail("no classifier.weight of a DenseNet");
}

static dni_tensor_dict *read_tensors(const char *path) {
    dni_tensor_dict *tensors;
    dn_error error;
    if (dni_safetensors_read(&tensors, path, &error) != DN_OK) server_fail("%s", error.message);
    return tensors;
}

int main(int argc, char **argv) {
    const server_job job = server_job_read(argc, argv);
    network net = {.weights = read_tensors(job.weights), .batch = job.batch, .inputs = planes(&job)};
    net.config = recognise(net.weights);
    CHECK(dnnl_engine_create(&net.engine, dnnl_cpu, 0));
    CHECK(dnnl_stream_create(&net.stream, net.engine, dnnl_stream_default_flags));
    if (*job.variant) {
        net.ranges = read_tensors(job.variant);
        build_int8(&net);
    } else {
        build_f32(&net);
    }
    const size_t batch = (size_t)job.batch;
    const server_result results[] = {{net.features, batch * (size_t)net.config->features},
                                     {net.logits, batch * SERVER_LOGITS}};
    return server_run(job.outputs, forward, &net, results, 2);
}
