/* SPDX-License-Identifier: MIT */
/* The head's inside: a multi-layer perceptron whose parameters are one flat vector.
 *
 * Linear -> ReLU -> dropout, repeated, then Linear -> log-softmax; what torch writes as
 * nn.Sequential(Linear, ReLU, Dropout, Linear, ReLU, Dropout, ..., Linear, LogSoftmax), so that linear layer
 * i has index 3 * i there. Matrices are row-major; B is the number of rows of a mini-batch. */
#ifndef DN_HEAD_MLP_H
#define DN_HEAD_MLP_H

#include "core/rng.h"
#include "core/status.h"
#include "head/training.h"

#include <stdbool.h>
#include <stddef.h>

enum { DNI_MAX_LINEAR = 16 };

/* Index of the linear layer after `i` others in the nn.Sequential above: 0, 3, 6, ... */
enum { DNI_SEQUENTIAL_STRIDE = 3 };

struct dn_head {
    int linear_count;               /* hidden layers + 1 */
    int widths[DNI_MAX_LINEAR + 1]; /* features, hidden..., classes */
    float dropout;
    float *parameters; /* layer after layer: weight (out, in), bias (out) */
    size_t parameter_count;
    float *standardisation; /* (2, features): mean, inverse deviation; NULL: features are used as they are */
    bool is_trained;        /* the parameters fit that scale of the features, and no other */
};

/* One linear layer, y = x weight^T + bias: a view of a head's or a file's memory. */
typedef struct dni_linear {
    int in, out;
    const float *weight; /* (out, in) */
    const float *bias;   /* (out) */
} dni_linear;

/* Layer i of [0, linear_count). */
dni_linear dni_head_linear(const dn_head *head, int i);

/* A head without standardisation that computes what these layers do; their numbers are copied.
 * DN_ERR_TENSOR_SHAPE when a layer is empty or one layer's output is not the next one's input. */
dn_status dni_head_from_linears(dn_head **out, const dni_linear *linears, int count, float dropout,
                                dn_error *error);

/* Gives a head of the same features, which has no standardisation, that of another, and whether it is
 * trained. */
dn_status dni_head_copy_scale(dn_head *to, const dn_head *from, dn_error *error);

/* The same function without standardisation: weight' = weight * inverse deviation, bias' = bias - weight' *
 * mean, both computed in double. A copy where there is none to fold. */
dn_status dni_head_fold_standardisation(dn_head **out, const dn_head *head, dn_error *error);

/* The way back, of a trained head whose `standardisation` was just set: the first layer then computes from
 * standardised features what it computed from plain ones. weight' = weight / inverse deviation, bias' =
 * bias + weight * mean, in double; a feature that is taken out (inverse deviation 0) counts as its mean. */
void dni_head_unfold_standardisation(dn_head *head);

/* ---- one mini-batch's way through the network ---- */

/* Memory for up to `capacity` rows, taken once and used for every batch. */
typedef struct dni_mlp_batch {
    int capacity;
    float *memory;
    size_t size; /* of memory, in bytes */
    /* output[0]: the standardised input (B, features); output[i + 1]: layer i's output after ReLU and dropout
     * (B, widths[i + 1]), of the last layer: logits, (B, classes). */
    float *output[DNI_MAX_LINEAR + 1];
    /* Gradients of the loss with respect to output[i], (B, widths[i]). All NULL in a batch made for the
     * forward pass alone. */
    float *delta[DNI_MAX_LINEAR + 1];
} dni_mlp_batch;

dn_status dni_mlp_batch_create(dni_mlp_batch *batch, const dn_head *head, int capacity, int with_backward,
                               dn_error *error);
void dni_mlp_batch_free(dni_mlp_batch *batch);

/* Puts one feature vector into row `row` of output[0], standardised if the head says so. */
void dni_mlp_load_row(const dn_head *head, dni_mlp_batch *batch, int row, const float *features);
/* The same for `rows` vectors that were read into output[0] as they are. */
void dni_mlp_standardise(const dn_head *head, dni_mlp_batch *batch, int rows);

/* From output[0] to the logits. `dropout`: the stream of this step's masks, unmoved; NULL for none. */
void dni_mlp_forward(const dn_head *head, dni_mlp_batch *batch, int rows, const dni_rng *dropout);

/* From the gradient of the logits, which the caller has put into the last delta, to that of the parameters
 * (overwritten; NULL if not wanted) and of the input (delta[0], only if with_input). `dropout` as it was in
 * the forward pass. */
void dni_mlp_backward(const dn_head *head, dni_mlp_batch *batch, int rows, const dni_rng *dropout,
                      float *parameter_gradient, int with_input);

/* Mask elements that one row of one step takes from the dropout stream. */
size_t dni_mlp_dropout_elements(const dn_head *head);

#endif
