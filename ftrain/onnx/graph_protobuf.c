/* SPDX-License-Identifier: MIT */
/* ONNX models as messages of ONNX's own schema, onnx.proto, from which protoc-c makes <onnx.pb-c.h>.
 *
 * Opset 13 and version 7 of the intermediate representation, of 2020, are read by everything in use. Packing
 * goes through a buffer of protobuf-c that hands on what it gets to the file. */
#include "ftrain/onnx/graph.h"

#include "core/error.h"
#include "core/memory.h"
#include "io/file.h"

#include <onnx.pb-c.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { IR_VERSION = 7, OPSET = 13 };

/* Memory of the graph's, freed with it. */
typedef struct block {
    struct block *next;
    max_align_t data[];
} block;

struct onnx_graph {
    block *blocks;
    bool failed; /* out of memory */
    Onnx__ModelProto model;
    Onnx__GraphProto graph;
    Onnx__OperatorSetIdProto opset, *opsets[1];
};

struct onnx_node {
    Onnx__NodeProto message;
};

const char *onnx_library(void) {
    static char name[48];
    snprintf(name, sizeof name, "protobuf-c %s", protobuf_c_version());
    return name;
}

/* ---- memory ---- */

static void *take(onnx_graph *graph, size_t size) {
    size_t all;
    block *taken = !graph->failed && dni_size_add(size, sizeof *taken, &all) ? calloc(1, all) : NULL;
    if (!taken) {
        graph->failed = true;
        return NULL;
    }
    taken->next = graph->blocks;
    graph->blocks = taken;
    return taken->data;
}

static void *copy(onnx_graph *graph, const void *bytes, size_t size) {
    void *taken = take(graph, size);
    if (taken && size) memcpy(taken, bytes, size);
    return taken;
}

static char *copy_text(onnx_graph *graph, const char *text) {
    return copy(graph, text, strlen(text) + 1);
}

/* A list of `count` pointers with room for one more: its room is a power of two. NULL: out of memory. */
static void *grown(onnx_graph *graph, void *list, size_t count) {
    if (graph->failed) return NULL;
    if (count & (count - 1)) return list;
    void *larger = take(graph, (count ? 2 * count : 1) * sizeof(void *));
    if (larger && count) memcpy(larger, list, count * sizeof(void *));
    return larger;
}

onnx_graph *onnx_graph_create(const char *name, const char *producer, const char *producer_version) {
    onnx_graph *graph = calloc(1, sizeof *graph);
    if (!graph) return NULL;
    onnx__model_proto__init(&graph->model);
    onnx__graph_proto__init(&graph->graph);
    onnx__operator_set_id_proto__init(&graph->opset);
    graph->opset.domain = copy_text(graph, "");
    graph->opset.has_version = true;
    graph->opset.version = OPSET;
    graph->opsets[0] = &graph->opset;
    graph->graph.name = copy_text(graph, name);
    graph->model.has_ir_version = true;
    graph->model.ir_version = IR_VERSION;
    graph->model.n_opset_import = 1;
    graph->model.opset_import = graph->opsets;
    graph->model.producer_name = copy_text(graph, producer);
    graph->model.producer_version = copy_text(graph, producer_version);
    graph->model.graph = &graph->graph;
    return graph;
}

void onnx_graph_free(onnx_graph *graph) {
    if (!graph) return;
    for (block *next, *one = graph->blocks; one; one = next) {
        next = one->next;
        free(one);
    }
    free(graph);
}

/* ---- parts of the model ---- */

void onnx_graph_metadata(onnx_graph *graph, const char *key, const char *value) {
    Onnx__ModelProto *model = &graph->model;
    Onnx__StringStringEntryProto *entry = take(graph, sizeof *entry);
    model->metadata_props = grown(graph, model->metadata_props, model->n_metadata_props);
    if (graph->failed) return;
    onnx__string_string_entry_proto__init(entry);
    entry->key = copy_text(graph, key);
    entry->value = copy_text(graph, value);
    model->metadata_props[model->n_metadata_props++] = entry;
}

/* Dimension 0 of a value: "batch". */
static Onnx__TensorShapeProto__Dimension *dimension(onnx_graph *graph, int index, const int64_t *shape) {
    Onnx__TensorShapeProto__Dimension *out = take(graph, sizeof *out);
    if (!out) return NULL;
    onnx__tensor_shape_proto__dimension__init(out);
    if (index == 0) {
        out->value_case = ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_PARAM;
        out->dim_param = copy_text(graph, "batch");
    } else {
        out->value_case = ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE;
        out->dim_value = shape[index - 1];
    }
    return out;
}

static int32_t data_type(onnx_type type) {
    return type == ONNX_UINT8 ? ONNX__TENSOR_PROTO__DATA_TYPE__UINT8 : ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT;
}

static Onnx__ValueInfoProto *value_info(onnx_graph *graph, const char *name, onnx_type type, int rank,
                                        const int64_t *shape) {
    Onnx__ValueInfoProto *value = take(graph, sizeof *value);
    Onnx__TypeProto *of = take(graph, sizeof *of);
    Onnx__TypeProto__Tensor *tensor = take(graph, sizeof *tensor);
    Onnx__TensorShapeProto *sizes = take(graph, sizeof *sizes);
    Onnx__TensorShapeProto__Dimension **list = take(graph, (size_t)rank * sizeof *list);
    for (int d = 0; !graph->failed && d < rank; d++) list[d] = dimension(graph, d, shape);
    if (graph->failed) return NULL;
    onnx__value_info_proto__init(value);
    onnx__type_proto__init(of);
    onnx__type_proto__tensor__init(tensor);
    onnx__tensor_shape_proto__init(sizes);
    sizes->n_dim = (size_t)rank;
    sizes->dim = list;
    tensor->has_elem_type = true;
    tensor->elem_type = data_type(type);
    tensor->shape = sizes;
    of->value_case = ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE;
    of->tensor_type = tensor;
    value->name = copy_text(graph, name);
    value->type = of;
    return value;
}

void onnx_graph_input(onnx_graph *graph, const char *name, onnx_type type, int rank, const int64_t *shape) {
    Onnx__GraphProto *of = &graph->graph;
    Onnx__ValueInfoProto *value = value_info(graph, name, type, rank, shape);
    of->input = grown(graph, of->input, of->n_input);
    if (!graph->failed) of->input[of->n_input++] = value;
}

void onnx_graph_output(onnx_graph *graph, const char *name, int rank, const int64_t *shape) {
    Onnx__GraphProto *of = &graph->graph;
    Onnx__ValueInfoProto *value = value_info(graph, name, ONNX_FLOAT, rank, shape);
    of->output = grown(graph, of->output, of->n_output);
    if (!graph->failed) of->output[of->n_output++] = value;
}

void onnx_graph_floats(onnx_graph *graph, const char *name, const float *values, int rank,
                       const int64_t *shape) {
    Onnx__GraphProto *of = &graph->graph;
    Onnx__TensorProto *tensor = take(graph, sizeof *tensor);
    of->initializer = grown(graph, of->initializer, of->n_initializer);
    if (graph->failed) return;
    onnx__tensor_proto__init(tensor);
    size_t bytes = sizeof *values;
    for (int d = 0; d < rank; d++) bytes *= (size_t)shape[d];
    tensor->name = copy_text(graph, name);
    tensor->n_dims = (size_t)rank;
    tensor->dims = copy(graph, shape, (size_t)rank * sizeof *shape);
    tensor->has_data_type = true;
    tensor->data_type = ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT;
    tensor->has_raw_data = true;
    tensor->raw_data.len = bytes;
    tensor->raw_data.data = (uint8_t *)(uintptr_t)values; /* packing only reads it */
    of->initializer[of->n_initializer++] = tensor;
}

onnx_node *onnx_graph_node(onnx_graph *graph, const char *op, const char *output, const char *const *inputs) {
    Onnx__GraphProto *of = &graph->graph;
    size_t count = 0;
    while (inputs[count]) count++;
    onnx_node *node = take(graph, sizeof *node);
    char **in = take(graph, count * sizeof *in), **out = take(graph, sizeof *out);
    of->node = grown(graph, of->node, of->n_node);
    if (graph->failed) return NULL;
    onnx__node_proto__init(&node->message);
    for (size_t i = 0; i < count; i++) in[i] = copy_text(graph, inputs[i]);
    out[0] = copy_text(graph, output);
    node->message.n_input = count;
    node->message.input = in;
    node->message.n_output = 1;
    node->message.output = out;
    node->message.name = out[0];
    node->message.op_type = copy_text(graph, op);
    of->node[of->n_node++] = &node->message;
    return node;
}

static Onnx__AttributeProto *add_attribute(onnx_graph *graph, onnx_node *node, const char *name, int type) {
    Onnx__AttributeProto *out = take(graph, sizeof *out);
    if (!graph->failed)
        node->message.attribute = grown(graph, node->message.attribute, node->message.n_attribute);
    if (graph->failed) return NULL;
    onnx__attribute_proto__init(out);
    out->name = copy_text(graph, name);
    out->has_type = true;
    out->type = (Onnx__AttributeProto__AttributeType)type;
    node->message.attribute[node->message.n_attribute++] = out;
    return out;
}

void onnx_node_int(onnx_graph *graph, onnx_node *node, const char *name, int64_t value) {
    Onnx__AttributeProto *out = add_attribute(graph, node, name, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INT);
    if (!out) return;
    out->has_i = true;
    out->i = value;
}

void onnx_node_ints(onnx_graph *graph, onnx_node *node, const char *name, int count, const int64_t *values) {
    Onnx__AttributeProto *out = add_attribute(graph, node, name, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INTS);
    int64_t *ints = copy(graph, values, (size_t)count * sizeof *values);
    if (!out || !ints) return;
    out->n_ints = (size_t)count;
    out->ints = ints;
}

void onnx_node_float(onnx_graph *graph, onnx_node *node, const char *name, float value) {
    Onnx__AttributeProto *out =
        add_attribute(graph, node, name, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOAT);
    if (!out) return;
    out->has_f = true;
    out->f = value;
}

/* ---- writing ---- */

/* A buffer of protobuf-c, through which a file is written. */
typedef struct file_buffer {
    ProtobufCBuffer base;
    dni_file_writer *writer;
    dn_status status; /* of the first write that failed */
    dn_error *error;
} file_buffer;

static void append(ProtobufCBuffer *base, size_t size, const uint8_t *bytes) {
    file_buffer *buffer = (file_buffer *)base;
    if (!buffer->status && size) buffer->status = dni_file_write(buffer->writer, bytes, size, buffer->error);
}

dn_status onnx_graph_write(onnx_graph *graph, const char *path, dn_error *error) {
    if (graph->failed) return dni_no_memory(error, "%s", path);
    const size_t size = protobuf_c_message_get_packed_size(&graph->model.base);
    if (size > INT32_MAX)
        return dni_fail(error, DN_ERR_UNSUPPORTED,
                        "%s: %zu bytes are more than an ONNX model can have in one file, 2 GB", path, size);
    file_buffer buffer = {.base = {.append = append}, .error = error};
    dn_status status = dni_file_writer_open(&buffer.writer, path, error);
    if (status) return status;
    protobuf_c_message_pack_to_buffer(&graph->model.base, &buffer.base);
    if (!buffer.status) return dni_file_writer_commit(buffer.writer, error);
    dni_file_writer_abandon(buffer.writer);
    return buffer.status;
}
