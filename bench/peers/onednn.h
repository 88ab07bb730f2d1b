/* SPDX-License-Identifier: MIT */
/* What the networks of the engine share that is wired by hand on oneDNN's C API: a network is a sequence of
 * steps over memory that is laid out when it is built. Whatever is made lives until the process ends, and a
 * failure ends it with a message. */
#ifndef BENCH_PEERS_ONEDNN_H
#define BENCH_PEERS_ONEDNN_H

#include "bench/peers/server.h"
#include "densenet/densenet.h"
#include "io/safetensors.h"

#include <dnnl.h>

enum { MAX_ARGUMENTS = 6, NETWORK_SCRATCH = 5 };

#define CHECK(call)                                                                                          \
    do {                                                                                                     \
        const dnnl_status_t status_ = (call);                                                                \
        if (status_ != dnnl_success) server_fail("line %d: oneDNN status %d", __LINE__, (int)status_);       \
    } while (0)

/* One thing to do: run a primitive or, where there is none, copy. */
typedef struct step {
    dnnl_primitive_t primitive;
    dnnl_exec_arg_t arguments[MAX_ARGUMENTS];
    int argument_count;
    const void *from;
    void *to;
    size_t bytes;
} step;

typedef struct sequence {
    step *steps;
    size_t count, capacity;
} sequence;

typedef struct network {
    dnnl_engine_t engine;
    dnnl_stream_t stream;
    const dni_tensor_dict *weights;
    const dni_tensor_dict *ranges; /* in int8: what ranges.py measured */
    const dn_config *config;
    const float *inputs;
    int batch;

    sequence one;                   /* an image through the stem and blocks 1 to 3 */
    sequence together;              /* all of them through block 4 and the classifier */
    dnnl_memory_t entry, exit;      /* where `one` reads its image and leaves its result */
    void *last;                     /* block 4's buffer, or the part of it that `one` fills */
    size_t last_bytes;              /* of one image in it */
    void *scratch[NETWORK_SCRATCH]; /* maps between the layers; each of the two networks names its own */
    float *features, *logits;
} network;

/* Write the steps of the network, in float32 or in int8. */
void build_f32(network *net);
void build_int8(network *net);

/* The float32 tensor of that name. */
const float *weight(const network *net, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Batch norm as y = scale * x + shift. */
void affine(const network *net, const char *norm, int channels, float *scale, float *shift);

dnnl_memory_desc_t tensor4(dnnl_data_type_t type, int n, int c, int h, int w, dnnl_format_tag_t tag);
dnnl_memory_desc_t vector(int count);

/* `data` as oneDNN's memory, which does not own it. */
dnnl_memory_t memory(const network *net, const dnnl_memory_desc_t *desc, const void *data);

/* `from` in the layout that a primitive wants, in memory of its own. */
dnnl_memory_t reordered(const network *net, const dnnl_memory_desc_t *plain, const void *from,
                        const dnnl_memory_desc_t *wanted);

/* A primitive; the description is destroyed. */
dnnl_primitive_t primitive(dnnl_primitive_desc_t desc);

/* A new step, empty. It stays where it is until the next one is appended. */
step *append(sequence *program);
void argument(step *s, int name, dnnl_memory_t memory);
void run(const network *net, const sequence *program);

/* Pooling between maps of these shapes. */
void pool(const network *net, sequence *program, dnnl_alg_kind_t kind, const dnnl_memory_desc_t *source,
          const dnnl_memory_desc_t *goal, int window, int stride, int pad, const void *from, void *to);

/* The classifier, from the network's features to its logits, in float32. */
void classify(network *net, int features);

#endif
