/* SPDX-License-Identifier: MIT */
/* ONNX in a program that was built without protobuf-c: onnx_library() says so, and no graph is ever made. */
#include "ftrain/onnx/graph.h"

#include "core/error.h"

#include <stddef.h>

const char *onnx_library(void) {
    return NULL;
}

onnx_graph *onnx_graph_create(const char *name, const char *producer, const char *producer_version) {
    (void)name, (void)producer, (void)producer_version;
    return NULL;
}

void onnx_graph_free(onnx_graph *graph) {
    (void)graph;
}

void onnx_graph_metadata(onnx_graph *graph, const char *key, const char *value) {
    (void)graph, (void)key, (void)value;
}

void onnx_graph_input(onnx_graph *graph, const char *name, onnx_type type, int rank, const int64_t *shape) {
    (void)graph, (void)name, (void)type, (void)rank, (void)shape;
}

void onnx_graph_output(onnx_graph *graph, const char *name, int rank, const int64_t *shape) {
    (void)graph, (void)name, (void)rank, (void)shape;
}

void onnx_graph_floats(onnx_graph *graph, const char *name, const float *values, int rank,
                       const int64_t *shape) {
    (void)graph, (void)name, (void)values, (void)rank, (void)shape;
}

onnx_node *onnx_graph_node(onnx_graph *graph, const char *op, const char *output, const char *const *inputs) {
    (void)graph, (void)op, (void)output, (void)inputs;
    return NULL;
}

void onnx_node_int(onnx_graph *graph, onnx_node *node, const char *name, int64_t value) {
    (void)graph, (void)node, (void)name, (void)value;
}

void onnx_node_ints(onnx_graph *graph, onnx_node *node, const char *name, int count, const int64_t *values) {
    (void)graph, (void)node, (void)name, (void)count, (void)values;
}

void onnx_node_float(onnx_graph *graph, onnx_node *node, const char *name, float value) {
    (void)graph, (void)node, (void)name, (void)value;
}

dn_status onnx_graph_write(onnx_graph *graph, const char *path, dn_error *error) {
    (void)graph;
    return dni_fail(error, DN_ERR_UNSUPPORTED, "%s: there is no ONNX", path);
}
