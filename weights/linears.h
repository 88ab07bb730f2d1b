/* SPDX-License-Identifier: MIT */
/* The linear layers of a head in a state dict, in their order.
 *
 * A torch.nn.Sequential numbers its modules, and of these only what has parameters is in the state dict:
 * "classifier.0.weight", "classifier.3.weight". So linear layers are told by their shape, their order by the
 * number at the end of the module's name, and what lies between them, by the rule of this project's own
 * heads, is ReLU and dropout. */
#ifndef DN_WEIGHTS_LINEARS_H
#define DN_WEIGHTS_LINEARS_H

#include "core/tensor_dict.h"

enum { DNI_LINEARS_LIMIT = 16 };

typedef struct dni_linear_tensors {
    const dni_named_tensor *weight; /* (out, in), of floating point */
    const dni_named_tensor *bias;   /* (out); NULL: there is none */
} dni_linear_tensors;

typedef struct dni_linears {
    dni_linear_tensors layers[DNI_LINEARS_LIMIT];
    int count;
    size_t tensors; /* of the dictionary that are theirs */
} dni_linears;

/* Finds them among the dictionary's tensors, which they stay. `prefix`: what stands before the layers'
 * numbers ("classifier", "model.head."); NULL: to be found. Each message begins with
 * `path`: DN_ERR_TENSOR_MISSING: there is no linear layer; DN_ERR_UNSUPPORTED: there are several heads, or
 * something in this one is not linear (batch norm), or no place is left for ReLU between two layers;
 * DN_ERR_TENSOR_SHAPE: one layer's output is not the next one's input. */
dn_status dni_linears_find(dni_linears *out, const dni_tensor_dict *dict, const char *prefix,
                           const char *path, dn_error *error);

#endif
