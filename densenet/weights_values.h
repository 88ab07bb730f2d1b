/* SPDX-License-Identifier: MIT */
/* Values of weights: what they must be, and those that stay in their file.
 *
 * A model is prepared from each weight once. Weights that exist for nothing else keep the large ones, of
 * convolutions and classifier, in the file, where a convolution's are read just before it is packed: their
 * 115 MB (densenet161) need not be memory first, which the system would have to find and clear. */
#ifndef DN_DENSENET_WEIGHTS_VALUES_H
#define DN_DENSENET_WEIGHTS_VALUES_H

#include "densenet/weights.h"
#include "densenet/weights_hash.h"
#include "io/file.h"

/* DN_ERR_CORRUPT unless `count` values, from element `first` of the tensor `name` on, are finite and, if they
 * are variances, not below 0. */
dn_status dni_values_check(const float *values, size_t count, size_t first, const char *name,
                           bool is_variance, const char *path, dn_error *error);

/* Tensors of a file, taken as they lie in it. */
typedef struct dni_value_scan {
    const dni_file *file;
    float *piece; /* what is being looked at */
    dni_weights_hasher hasher;
} dni_value_scan;

dn_status dni_value_scan_begin(dni_value_scan *scan, const dni_file *file, dn_error *error);
/* Adds `tensor`, float32, which has a place in the file, to the weights as the walk's present one. Its values
 * are read, checked and hashed; those of vectors are kept. */
dn_status dni_value_scan_take(dni_value_scan *scan, dn_weights *weights, const dni_tensor *tensor,
                              const dni_tensor_walk *walk, dn_error *error);
/* hex: the hash of what was taken; NULL: nobody wants it. */
void dni_value_scan_end(dni_value_scan *scan, char hex[33]);

/* *values: those of MODULE.weight, which must be among `tensors`: where they are or, if they stayed in
 * `file`, read into `room`, which has space for them. */
dn_status dni_weights_fetch(const float **values, const dni_tensor_dict *tensors, const dni_file *file,
                            const char *module, float *room, dn_error *error);

#endif
