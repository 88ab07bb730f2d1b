/* SPDX-License-Identifier: MIT */
/* Packing of a model: the weights of its convolutions are written into its memory, as their kernels read
 * them. */
#ifndef DN_DENSENET_PACKING_H
#define DN_DENSENET_PACKING_H

#include "densenet/model.h"

/* Packs every convolution of `model`, whose kernels were chosen and whose memory was cut, on the threads of
 * `options`, and gives back the memory of `weights` meanwhile where these are to be discarded.
 * DN_ERR_CANCELLED when on_progress says so. */
dn_status dni_model_pack(dn_model *model, const dn_weights *weights, const dn_model_options *options,
                         dn_error *error);

#endif
