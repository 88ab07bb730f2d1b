/* SPDX-License-Identifier: MIT */
/* ONNX models, built a node at a time and written through protobuf-c. It knows the file format, not networks.
 *
 * Where memory runs out while a graph grows, the graph remembers it and onnx_graph_write() tells: what builds
 * it need not ask. Texts and shapes are copied; the numbers of tensors are not, and must live until the graph
 * is written. */
#ifndef FTRAIN_ONNX_GRAPH_H
#define FTRAIN_ONNX_GRAPH_H

#include "core/status.h"

#include <stdint.h>

typedef struct onnx_graph onnx_graph;
typedef struct onnx_node onnx_node;

typedef enum onnx_type { ONNX_FLOAT, ONNX_UINT8 } onnx_type;

/* "protobuf-c 1.4.1"; NULL: the program was built without it, and onnx_graph_create() returns NULL. */
const char *onnx_library(void);

/* NULL: out of memory. */
onnx_graph *onnx_graph_create(const char *name, const char *producer, const char *producer_version);
void onnx_graph_free(onnx_graph *graph);

/* A text that the model carries along. */
void onnx_graph_metadata(onnx_graph *graph, const char *key, const char *value);

/* Dimension 0 is "batch", of any size; `shape` has the `rank` - 1 others. */
void onnx_graph_input(onnx_graph *graph, const char *name, onnx_type type, int rank, const int64_t *shape);
void onnx_graph_output(onnx_graph *graph, const char *name, int rank, const int64_t *shape);

/* A constant tensor of float32, row-major. */
void onnx_graph_floats(onnx_graph *graph, const char *name, const float *values, int rank,
                       const int64_t *shape);

/* The operation `op` of opset 13, from named values to one: `inputs` ends in NULL. The node bears its
 * output's name. */
onnx_node *onnx_graph_node(onnx_graph *graph, const char *op, const char *output, const char *const *inputs);
void onnx_node_int(onnx_graph *graph, onnx_node *node, const char *name, int64_t value);
void onnx_node_ints(onnx_graph *graph, onnx_node *node, const char *name, int count, const int64_t *values);
void onnx_node_float(onnx_graph *graph, onnx_node *node, const char *name, float value);

/* Writes the model, atomically. It is not held in memory a second time. DN_ERR_UNSUPPORTED above 2 GB, which
 * is the limit of protobuf's messages. */
dn_status onnx_graph_write(onnx_graph *graph, const char *path, dn_error *error);

#endif
