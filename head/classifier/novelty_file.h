/* SPDX-License-Identifier: MIT */
/* What a model file knows of familiar pictures: the tensors `novelty.*`, all of them or none. */
#ifndef DN_HEAD_CLASSIFIER_NOVELTY_FILE_H
#define DN_HEAD_CLASSIFIER_NOVELTY_FILE_H

#include "core/tensor_dict.h"
#include "head/novelty.h"

#include <stdbool.h>

/* Adds copies of all its numbers to the dict. */
dn_status dni_novelty_add(dni_tensor_dict *dict, const dn_novelty *novelty, dn_error *error);

/* *out from the dict, NULL where it has none; every number is checked. `features`: what the backbone gives.
 * `path` begins every message. DN_ERR_TENSOR_... or DN_ERR_CORRUPT for what does not hold together. */
dn_status dni_novelty_read(dn_novelty **out, const dni_tensor_dict *dict, int features, const char *path,
                           dn_error *error);

/* Whether a tensor of that name belongs to it. */
bool dni_is_novelty(const char *name);

#endif
