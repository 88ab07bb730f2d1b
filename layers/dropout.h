/* SPDX-License-Identifier: MIT */
/* Inverted dropout (Srivastava et al. 2014): while training, each element becomes 0 with probability p and is
 * multiplied by 1 / (1 - p) otherwise; at inference there is nothing to compute. */
#ifndef DN_LAYERS_DROPOUT_H
#define DN_LAYERS_DROPOUT_H

#include "core/rng.h"

#include <stddef.h>

/* In place. Element i is kept when number position + i of the random stream, uniform in [0, 1), is at least
 * p. The stream is not advanced: the same call on the gradient of the output is the backward pass, and no
 * mask is stored. 0 <= p < 1. */
void dni_dropout(float *x, size_t count, float p, const dni_rng *rng, uint64_t position);

#endif
