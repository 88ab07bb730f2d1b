/* SPDX-License-Identifier: MIT */
/* Weights, memory and steps: what both networks on oneDNN are put together from. */
#include "bench/peers/onednn.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- weights ---- */

const float *weight(const network *net, const char *format, ...) {
    char name[128];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(name, sizeof name, format, arguments);
    va_end(arguments);
    const dni_tensor *tensor = dni_tensor_dict_find(net->weights, name);
    if (!tensor || tensor->dtype != DNI_F32) server_fail("no float32 tensor %s", name);
    return tensor->data;
}

void affine(const network *net, const char *norm, int channels, float *scale, float *shift) {
    const float *gamma = weight(net, "%s.weight", norm), *beta = weight(net, "%s.bias", norm);
    const float *mean = weight(net, "%s.running_mean", norm), *variance = weight(net, "%s.running_var", norm);
    for (int c = 0; c < channels; c++) {
        scale[c] = gamma[c] / sqrtf(variance[c] + 1e-5f);
        shift[c] = beta[c] - mean[c] * scale[c];
    }
}

/* ---- memory and steps ---- */

dnnl_memory_desc_t tensor4(dnnl_data_type_t type, int n, int c, int h, int w, dnnl_format_tag_t tag) {
    const dnnl_dims_t dims = {n, c, h, w};
    dnnl_memory_desc_t desc;
    CHECK(dnnl_memory_desc_init_by_tag(&desc, 4, dims, type, tag));
    return desc;
}

dnnl_memory_desc_t vector(int count) {
    const dnnl_dims_t dims = {count};
    dnnl_memory_desc_t desc;
    CHECK(dnnl_memory_desc_init_by_tag(&desc, 1, dims, dnnl_f32, dnnl_x));
    return desc;
}

/* The API takes handles to constant data without const. */
dnnl_memory_t memory(const network *net, const dnnl_memory_desc_t *desc, const void *data) {
    dnnl_memory_t memory;
    CHECK(dnnl_memory_create(&memory, desc, net->engine, (void *)(uintptr_t)data));
    return memory;
}

step *append(sequence *program) {
    if (program->count == program->capacity) {
        program->capacity = 2 * program->capacity + 64;
        program->steps = realloc(program->steps, program->capacity * sizeof *program->steps);
        if (!program->steps) server_fail("out of memory");
    }
    step *s = program->steps + program->count++;
    *s = (step){0};
    return s;
}

void argument(step *s, int name, dnnl_memory_t memory) {
    s->arguments[s->argument_count++] = (dnnl_exec_arg_t){name, memory};
}

void run(const network *net, const sequence *program) {
    for (const step *s = program->steps; s < program->steps + program->count; s++)
        if (s->primitive)
            CHECK(dnnl_primitive_execute(s->primitive, net->stream, s->argument_count, s->arguments));
        else
            memcpy(s->to, s->from, s->bytes);
    CHECK(dnnl_stream_wait(net->stream));
}

dnnl_primitive_t primitive(dnnl_primitive_desc_t desc) {
    dnnl_primitive_t primitive;
    CHECK(dnnl_primitive_create(&primitive, desc));
    CHECK(dnnl_primitive_desc_destroy(desc));
    return primitive;
}

dnnl_memory_t reordered(const network *net, const dnnl_memory_desc_t *plain, const void *from,
                        const dnnl_memory_desc_t *wanted) {
    dnnl_memory_t source = memory(net, plain, from), result;
    CHECK(dnnl_memory_create(&result, wanted, net->engine, DNNL_MEMORY_ALLOCATE));
    dnnl_primitive_desc_t desc;
    CHECK(dnnl_reorder_primitive_desc_create(&desc, plain, net->engine, wanted, net->engine, NULL));
    const dnnl_primitive_t reorder = primitive(desc);
    const dnnl_exec_arg_t arguments[] = {{DNNL_ARG_FROM, source}, {DNNL_ARG_TO, result}};
    CHECK(dnnl_primitive_execute(reorder, net->stream, 2, arguments));
    CHECK(dnnl_stream_wait(net->stream));
    CHECK(dnnl_primitive_destroy(reorder));
    CHECK(dnnl_memory_destroy(source));
    return result;
}

/* ---- pooling and the classifier ---- */

void pool(const network *net, sequence *program, dnnl_alg_kind_t kind, const dnnl_memory_desc_t *source,
          const dnnl_memory_desc_t *goal, int window, int stride, int pad, const void *from, void *to) {
    const dnnl_dims_t strides = {stride, stride}, kernel = {window, window}, padding = {pad, pad};
    dnnl_pooling_desc_t operation;
    CHECK(dnnl_pooling_forward_desc_init(&operation, dnnl_forward_inference, kind, source, goal, strides,
                                         kernel, padding, padding));
    dnnl_primitive_desc_t desc;
    CHECK(dnnl_primitive_desc_create(&desc, &operation, NULL, net->engine, NULL));
    step *s = append(program);
    s->primitive = primitive(desc);
    argument(s, DNNL_ARG_SRC, memory(net, source, from));
    argument(s, DNNL_ARG_DST, memory(net, goal, to));
}

void classify(network *net, int features) {
    sequence *program = &net->together;
    const dnnl_dims_t in = {net->batch, features}, out = {net->batch, SERVER_LOGITS};
    const dnnl_dims_t both = {SERVER_LOGITS, features};
    dnnl_memory_desc_t source, goal, plain, any;
    CHECK(dnnl_memory_desc_init_by_tag(&source, 2, in, dnnl_f32, dnnl_nc));
    CHECK(dnnl_memory_desc_init_by_tag(&goal, 2, out, dnnl_f32, dnnl_nc));
    CHECK(dnnl_memory_desc_init_by_tag(&plain, 2, both, dnnl_f32, dnnl_oi));
    CHECK(dnnl_memory_desc_init_by_tag(&any, 2, both, dnnl_f32, dnnl_format_tag_any));
    const dnnl_memory_desc_t bias = vector(SERVER_LOGITS);
    dnnl_inner_product_desc_t operation;
    CHECK(dnnl_inner_product_forward_desc_init(&operation, dnnl_forward_inference, &source, &any, &bias,
                                               &goal));
    dnnl_primitive_desc_t desc;
    CHECK(dnnl_primitive_desc_create(&desc, &operation, NULL, net->engine, NULL));
    const dnnl_memory_desc_t *wanted = dnnl_primitive_desc_query_md(desc, dnnl_query_weights_md, 0);
    step *s = append(program);
    argument(s, DNNL_ARG_SRC, memory(net, &source, net->features));
    argument(s, DNNL_ARG_WEIGHTS, reordered(net, &plain, weight(net, "classifier.weight"), wanted));
    argument(s, DNNL_ARG_BIAS, memory(net, &bias, weight(net, "classifier.bias")));
    argument(s, DNNL_ARG_DST, memory(net, &goal, net->logits));
    s->primitive = primitive(desc);
}
