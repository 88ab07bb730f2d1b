/* SPDX-License-Identifier: MIT */
/* The whole network as an ONNX model: the parts of the topology, one after the other, as operations on named
 * values.
 *
 * Batch norms stay nodes of their own. Those in front of a convolution cannot be folded into it, since ReLU
 * stands between; those behind one are folded by the runtimes themselves. So every constant bears the name
 * and has the bits of PyTorch's tensor. Dropout, which does nothing outside training, is left out. A dense
 * layer appends its channels to the block's by Concat. */
#include "ftrain/export/onnx.h"

#include "densenet/topology.h"
#include "densenet/weights.h"
#include "ftrain/export/network.h"
#include "ftrain/onnx/graph.h"
#include "ftrain/shell/interrupt.h"
#include "ftrain/shell/message.h"
#include "layers/batch_norm.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { VALUE_NAME = DNI_NAME_SIZE + 32 };

/* The value that the next operation takes: the name of the last one's output. */
typedef struct emitter {
    onnx_graph *graph;
    const export_network *network;
    char value[VALUE_NAME];
    char block[VALUE_NAME]; /* what the dense block has so far */
} emitter;

#define INTS(...)                                                                                            \
    (sizeof((const int64_t[]){__VA_ARGS__}) / sizeof(int64_t)), (const int64_t[]) {                          \
        __VA_ARGS__                                                                                          \
    }

/* op(value, more inputs) -> "module" or "module.suffix", which becomes the value. `more` may be NULL. */
static onnx_node *emit(emitter *out, const char *op, const char *module, const char *suffix,
                       const char *const *more) {
    const char *inputs[6] = {out->value};
    for (int i = 0; more && more[i]; i++) inputs[i + 1] = more[i];
    char name[VALUE_NAME];
    snprintf(name, sizeof name, "%s%s%s", module, *suffix ? "." : "", suffix);
    onnx_node *node = onnx_graph_node(out->graph, op, name, inputs);
    snprintf(out->value, sizeof out->value, "%s", name);
    return node;
}

/* The constant of that name is the backbone's tensor. */
static void add_constant(emitter *out, const char *name) {
    const dni_tensor *tensor = dni_tensor_dict_find(out->network->weights->tensors, name);
    onnx_graph_floats(out->graph, name, tensor->data, tensor->rank, tensor->shape);
}

static void emit_norm_relu(emitter *out, const char *norm) {
    static const char *const parameters[] = {"weight", "bias", "running_mean", "running_var"};
    char names[4][VALUE_NAME];
    for (int i = 0; i < 4; i++) {
        snprintf(names[i], sizeof names[i], "%s.%s", norm, parameters[i]);
        add_constant(out, names[i]);
    }
    onnx_node *node = emit(out, "BatchNormalization", norm, "",
                           (const char *[]){names[0], names[1], names[2], names[3], NULL});
    onnx_node_float(out->graph, node, "epsilon", (float)DNI_BATCH_NORM_EPSILON);
    emit(out, "Relu", norm, "relu", NULL);
}

static void emit_conv(emitter *out, const dni_part *part) {
    const dni_conv2d conv = dni_part_conv2d(part);
    const int64_t kernel = conv.kernel, stride = conv.stride, pad = conv.pad;
    char weight[VALUE_NAME];
    snprintf(weight, sizeof weight, "%s.weight", part->conv);
    add_constant(out, weight);
    onnx_node *node = emit(out, "Conv", part->conv, "", (const char *[]){weight, NULL});
    onnx_node_ints(out->graph, node, "kernel_shape", INTS(kernel, kernel));
    onnx_node_ints(out->graph, node, "strides", INTS(stride, stride));
    onnx_node_ints(out->graph, node, "pads", INTS(pad, pad, pad, pad));
}

static void emit_pool(emitter *out, const char *op, const char *module, const char *name, int64_t kernel,
                      int64_t pad) {
    onnx_node *node = emit(out, op, module, name, NULL);
    onnx_node_ints(out->graph, node, "kernel_shape", INTS(kernel, kernel));
    onnx_node_ints(out->graph, node, "strides", INTS(2, 2));
    onnx_node_ints(out->graph, node, "pads", INTS(pad, pad, pad, pad));
}

/* The block with a layer's own channels behind it. */
static void emit_concat(emitter *out, const dni_part *part) {
    char own[VALUE_NAME], name[VALUE_NAME];
    snprintf(own, sizeof own, "%s", out->value);
    snprintf(name, sizeof name, "features.denseblock%d.denselayer%d", part->block + 1, part->layer + 1);
    snprintf(out->value, sizeof out->value, "%s", out->block);
    onnx_node_int(out->graph, emit(out, "Concat", name, "", (const char *[]){own, NULL}), "axis", 1);
}

static void begin_block(emitter *out) {
    snprintf(out->block, sizeof out->block, "%s", out->value);
}

static void emit_part(emitter *out, const dni_part *part) {
    if (*part->norm_before) emit_norm_relu(out, part->norm_before);
    if (part->role != DNI_FINAL_NORM) emit_conv(out, part);
    if (*part->norm_behind) emit_norm_relu(out, part->norm_behind);
    char name[DNI_NAME_SIZE];
    switch (part->role) {
    case DNI_STEM:
        emit_pool(out, "MaxPool", "features", "pool0", 3, 1);
        begin_block(out);
        break;
    case DNI_CONV2:
        emit_concat(out, part);
        begin_block(out);
        break;
    case DNI_TRANSITION:
        snprintf(name, sizeof name, "features.transition%d", part->block + 1);
        emit_pool(out, "AveragePool", name, "pool", 2, 0);
        begin_block(out);
        break;
    case DNI_FINAL_NORM:
        emit(out, "GlobalAveragePool", "features", "pool", NULL);
        onnx_node_int(out->graph, emit(out, "Flatten", "features", "", NULL), "axis", 1);
        break;
    case DNI_CONV1:
    case DNI_CLASSIFIER:
        break;
    }
}

/* Linear layers with ReLU between; the last one's logits give both outputs. */
static void emit_head(emitter *out) {
    const dn_head *head = out->network->head;
    for (int i = 0; i < head->linear_count; i++) {
        const dni_linear layer = dni_head_linear(head, i);
        char weight[64], bias[64], module[64];
        export_layer_name(weight, i, "weight");
        export_layer_name(bias, i, "bias");
        snprintf(module, sizeof module, "%.*s", (int)(strrchr(bias, '.') - bias), bias);
        onnx_graph_floats(out->graph, weight, layer.weight, 2, (const int64_t[]){layer.out, layer.in});
        onnx_graph_floats(out->graph, bias, layer.bias, 1, (const int64_t[]){layer.out});
        onnx_node *node = emit(out, "Gemm", module, "", (const char *[]){weight, bias, NULL});
        onnx_node_int(out->graph, node, "transB", 1);
        if (i + 1 < head->linear_count) emit(out, "Relu", module, "relu", NULL);
    }
    const char *const logits[] = {out->value, NULL};
    onnx_node_int(out->graph, onnx_graph_node(out->graph, "Softmax", "probabilities", logits), "axis", 1);
    onnx_node_int(out->graph, onnx_graph_node(out->graph, "LogSoftmax", "log_probabilities", logits), "axis",
                  1);
}

/* ---- the input ---- */

/* What becomes of pixels, (batch, height, width, 3) bytes: (pixel - 255 mean) / (255 std), channels first. */
typedef struct pixel_scale {
    float mean[3], std[3];
} pixel_scale;

static void emit_pixels(emitter *out, pixel_scale *scale) {
    const dn_preprocessing *preprocessing = &out->network->info->preprocessing;
    const int64_t crop = preprocessing->crop;
    for (int c = 0; c < 3; c++) {
        scale->mean[c] = 255.0f * preprocessing->mean[c];
        scale->std[c] = 255.0f * preprocessing->std[c];
    }
    onnx_graph_input(out->graph, "pixels", ONNX_UINT8, 4, (const int64_t[]){crop, crop, 3});
    onnx_graph_floats(out->graph, "pixels.mean", scale->mean, 1, (const int64_t[]){3});
    onnx_graph_floats(out->graph, "pixels.std", scale->std, 1, (const int64_t[]){3});
    snprintf(out->value, sizeof out->value, "pixels");
    onnx_node_int(out->graph, emit(out, "Cast", "pixels", "float", NULL), "to", 1); /* TensorProto.FLOAT */
    emit(out, "Sub", "pixels", "centred", (const char *[]){"pixels.mean", NULL});
    emit(out, "Div", "pixels", "scaled", (const char *[]){"pixels.std", NULL});
    onnx_node_ints(out->graph, emit(out, "Transpose", "input", "", NULL), "perm", INTS(0, 3, 1, 2));
}

static void emit_input(emitter *out) {
    const int64_t crop = out->network->info->preprocessing.crop;
    onnx_graph_input(out->graph, "input", ONNX_FLOAT, 4, (const int64_t[]){DNI_INPUT_CHANNELS, crop, crop});
    snprintf(out->value, sizeof out->value, "input");
}

/* ---- the model ---- */

static outcome add_metadata(onnx_graph *graph, json_t *facts) {
    const char *key;
    json_t *fact;
    json_object_foreach(facts, key, fact) {
        char *text = export_fact_text(fact);
        if (!text) return report_no_memory();
        onnx_graph_metadata(graph, key, text);
        free(text);
    }
    return OUTCOME_OK;
}

static void build(emitter *out, const export_job *job, pixel_scale *scale) {
    const dn_config *config = &out->network->weights->config;
    const int64_t features = config->features, classes = out->network->info->class_count;
    if (job->pixels)
        emit_pixels(out, scale);
    else
        emit_input(out);
    for (int i = 0; i < dni_part_count(config); i++) {
        const dni_part part = dni_part_at(config, i);
        if (part.role != DNI_CLASSIFIER) emit_part(out, &part);
    }
    emit_head(out);
    onnx_graph_output(out->graph, "probabilities", 2, &classes);
    onnx_graph_output(out->graph, "log_probabilities", 2, &classes);
    onnx_graph_output(out->graph, "features", 2, &features);
}

static outcome write_model(const export_network *network, const export_job *job) {
    emitter out = {.network = network,
                   .graph = onnx_graph_create(network->info->backbone, "ftrain", dn_version())};
    pixel_scale scale;
    if (!out.graph) return report_no_memory();
    outcome code = add_metadata(out.graph, network->facts);
    dn_error error;
    if (!code) {
        build(&out, job, &scale);
        const bool before = interrupts_wait(true);
        if (onnx_graph_write(out.graph, job->out, &error)) code = report(&error, OUTCOME_MACHINE);
        interrupts_wait(before);
    }
    onnx_graph_free(out.graph);
    return code;
}

outcome export_onnx(const export_job *job, json_t *about) {
    if (!onnx_library()) {
        message(
            "this ftrain was built without protobuf-c and cannot write ONNX; with Debian's libprotobuf-c-dev, "
            "protobuf-c-compiler and libonnx-dev 'make' builds it in");
        return OUTCOME_USAGE;
    }
    export_network network;
    outcome code = export_network_open(&network, job);
    if (!code) code = write_model(&network, job);
    if (!code && json_object_update(about, network.facts) != 0) code = report_no_memory();
    export_network_close(&network);
    return code;
}
