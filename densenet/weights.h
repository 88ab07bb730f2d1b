/* SPDX-License-Identifier: MIT */
/* A checkpoint's tensors as the network uses them: float32, dense, in the order of dni_tensor_walk. */
#ifndef DN_DENSENET_WEIGHTS_H
#define DN_DENSENET_WEIGHTS_H

#include "core/tensor_dict.h"
#include "densenet/densenet.h"
#include "densenet/topology.h"
#include "io/file.h"

#include <stdbool.h>

struct dn_weights {
    dn_config config;
    dni_tensor_dict *tensors; /* exactly those of the walk, with or without the classifier's two */
    dni_tensor_dict
        *classifier; /* one that is not ImageNet's, kept as it was in the file: "classifier.*", float32,
                                  * dense, views of what `tensors` owns; NULL: none */
    bool is_foreign; /* values lie in memory that is not the library's own, and are never discarded */
    /* Where the values of tensors without data are; densenet/weights_values.h. Only dn_weights_config(),
     * dn_model_create() and dn_weights_free() are for such weights. */
    dni_file file; /* its descriptor is -1: all tensors have data */
    char *path;    /* that file's */
    char *notes;   /* dn_weights_notes(); NULL: none */
};

/* Weights without a tensor; `allocator`: for their values, NULL: the system's. */
dn_status dni_weights_create(dn_weights **out, const dn_config *config, const dn_allocator *allocator,
                             dn_error *error);

/* Whether the walk's present tensor is one of ImageNet's classifier. */
static inline bool dni_is_of_classifier(const dni_tensor_walk *walk) {
    return walk->part.role == DNI_CLASSIFIER;
}

/* The seed of a weights source "random:SEED", for dn_weights_random(); false, and *seed as it was, for any
 * other text. */
bool dni_random_source(const char *source, uint64_t *seed);

/* Whether weights are those of dn_weights_random() with that seed, batch-norm statistics aside. The first
 * convolution tells: each tensor is drawn from the seed. */
bool dni_weights_drawn_from(const dn_weights *weights, uint64_t seed);

/* The weights in a file, for nothing but one model: of a safetensors file in float32 the large values stay
 * there, not checked yet, and the file stays open; any other is read as by dn_weights_load(). */
dn_status dni_weights_open(dn_weights **out, const char *path, dn_error *error);

/* Whether the weights came with ImageNet's classifier. */
bool dni_weights_have_classifier(const dn_weights *weights);
/* DN_ERR_TENSOR_MISSING unless the weights came with ImageNet's classifier; `name` is the file that they came
 * from, for the message. */
dn_status dni_weights_check_classifier(const dn_weights *weights, const char *name, dn_error *error);

/* The data of MODULE.PARAMETER ("features.norm0", "running_mean"), which must be among the walk's; NULL only
 * for a classifier that is absent. */
float *dni_weights_data(const dni_tensor_dict *tensors, const char *module, const char *parameter);

/* Scale and shift, (channels) each, of the batch norm of that name, as dni_batch_norm_scale_shift() computes
 * them. */
void dni_weights_norm(const dni_tensor_dict *tensors, const char *module, int channels, float *scale,
                      float *shift);

/* The first makes a dictionary of the same tensors that shares the memory of all but running_mean and
 * running_var, which are its own. The second puts such a dictionary in the place of the weights' tensors; if
 * it fails, nothing changes. */
dn_status dni_weights_own_statistics(const dn_weights *weights, dni_tensor_dict **out, dn_error *error);
dn_status dni_weights_replace(dn_weights *weights, dni_tensor_dict *tensors, dn_error *error);

#endif
