/* SPDX-License-Identifier: MIT */
/* Values of weights: what they must be, and those that stay in their file.
 *
 * A model is prepared from each weight once. Weights that exist for nothing else keep the large ones, of
 * convolutions and classifier, in the file, where a convolution's are read just before it is packed: their
 * 115 MB (densenet161) need not be memory first, which the system would have to find and clear. */
#ifndef DN_DENSENET_WEIGHTS_VALUES_H
#define DN_DENSENET_WEIGHTS_VALUES_H

#include "densenet/weights.h"
#include "io/file.h"

/* DN_ERR_CORRUPT unless the values of `tensor` are finite and, if they are variances, not below 0. */
dn_status dni_values_check(const float *values, const dni_tensor *tensor, const char *name, bool is_variance,
                           const char *path, dn_error *error);

/* Adds `tensor`, float32, which has a place in the file, to the weights as the walk's present one. A vector
 * is read and checked; of any other the values stay where they are. */
dn_status dni_weights_leave(dn_weights *weights, const dni_tensor *tensor, const dni_tensor_walk *walk,
                            const dni_file *file, dn_error *error);

/* *values: those of MODULE.weight: where they are or, if they stayed in the file, read into `room`, which has
 * space for them. */
dn_status dni_weights_fetch(const float **values, const dn_weights *weights, const char *module, float *room,
                            dn_error *error);
/* Checks what was read by dni_weights_fetch(); what is in memory was checked when it was loaded. */
dn_status dni_weights_check_fetched(const float *values, const dn_weights *weights, const char *module,
                                    dn_error *error);

#endif
