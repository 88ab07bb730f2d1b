/* SPDX-License-Identifier: MIT */
/* Weights and inputs that C and Python make alike from a seed, so that golden files need hold neither. */
#ifndef TEST_SUPPORT_SEEDED_WEIGHTS_H
#define TEST_SUPPORT_SEEDED_WEIGHTS_H

#include "densenet/densenet.h"

/* dn_weights_random() with batch norms that do something: gamma in [0.75, 1.25), beta and mean in
 * [-0.25, 0.25), variance in [0.5, 1.5), each from the stream of the tensor's name. NULL out of memory. */
dn_weights *seeded_weights(const dn_config *config, uint64_t seed);

/* count values in [-2, 2), from the stream "input"; the caller frees. NULL out of memory. */
float *seeded_inputs(uint64_t seed, size_t count);

#endif
