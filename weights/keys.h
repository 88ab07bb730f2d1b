/* Names of tensors in DenseNet checkpoints, brought into the form torchvision writes today. */
#ifndef DN_WEIGHTS_KEYS_H
#define DN_WEIGHTS_KEYS_H

#include "core/tensor_dict.h"

/* Strips one common prefix chain ("module.", "model.", "densenet161.", ...) and joins 2017's "norm.1",
 * "conv.2" into "norm1", "conv2". Two tensors that would end up with one name are DN_ERR_CORRUPT. */
dn_status dni_rename_keys(dni_tensor_dict *dict, dn_error *error);

#endif
