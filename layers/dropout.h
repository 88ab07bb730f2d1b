/* Inverted dropout (Srivastava et al. 2014): while training, each element becomes 0 with probability p and is
 * multiplied by 1 / (1 - p) otherwise; afterwards there is nothing to do. */
#ifndef DN_LAYERS_DROPOUT_H
#define DN_LAYERS_DROPOUT_H

#include "core/rng.h"

#include <stddef.h>

/* In place. Element i is kept when element position + i of the stream, as a uniform number, is at least p.
 * The stream is not moved: the same call on the output's gradient is the backward pass, and no mask is
 * stored. 0 <= p < 1. */
void dni_dropout(float *x, size_t count, float p, const dni_rng *rng, uint64_t position);

#endif
