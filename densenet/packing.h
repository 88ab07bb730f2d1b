/* SPDX-License-Identifier: MIT */
/* Packing of a model: the weights of its convolutions are written into its memory, as their kernels read
 * them. */
#ifndef DN_DENSENET_PACKING_H
#define DN_DENSENET_PACKING_H

#include "densenet/model.h"

/* Packs every convolution of `model`, whose kernels were chosen and whose memory was cut, on the threads of
 * `options`, copies norm5 and the classifier, and sets the model's hash. Meanwhile the memory of `weights` is
 * given back where these are to be discarded; values that stayed in a file are read and checked.
 * DN_ERR_CANCELLED when on_progress says so. */
dn_status dni_model_pack(dn_model *model, const dn_weights *weights, const dn_model_options *options,
                         dn_error *error);

#endif
