/* SPDX-License-Identifier: MIT */
/* Names of tensors in DenseNet checkpoints, brought into the form torchvision writes today. */
#ifndef DN_WEIGHTS_KEYS_H
#define DN_WEIGHTS_KEYS_H

#include "core/tensor_dict.h"

#include <stdbool.h>
#include <stddef.h>

/* Whether a tensor of that name may be the weight of a DenseNet's first convolution, by which a network is
 * found. */
bool dni_is_stem_key(const char *name);

/* Whether one of the parts of a dotted name's first `size` bytes says that it is a moving average of another
 * network: "ema", "model_ema", "ema_model". */
bool dni_is_average(const char *name, size_t size);

/* Finds the one DenseNet among the file's tensors and shares these out. The network gets, under present
 * names, its features and its classifier: any chain of prefixes ("module.", "model.densenet161.") is
 * stripped; where the features were saved alone ("conv0.weight") or lie in a Sequential ("0.0.conv0.weight",
 * as fastai has it) they get their "features."; 2017's "norm.1", "conv.2" become "norm1", "conv2". All else
 * goes to `outside` as it is called. Both become views of the file's data.
 *
 * Where there are two networks, and one of them is the moving average of the other by its name ("ema."),
 * that one stays outside; else they are DN_ERR_CORRUPT, unless `prefix` is not NULL and says which is meant.
 * Two tensors that would get one name are DN_ERR_CORRUPT. Where there is no network, all are the network's;
 * with a `prefix` that is DN_ERR_TENSOR_MISSING. */
dn_status dni_sort_keys(const dni_tensor_dict *file, const char *prefix, dni_tensor_dict *network,
                        dni_tensor_dict *outside, const char *path, dn_error *error);

#endif
