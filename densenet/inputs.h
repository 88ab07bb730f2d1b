/* SPDX-License-Identifier: MIT */
/* What a caller gives the network. */
#ifndef DN_DENSENET_INPUTS_H
#define DN_DENSENET_INPUTS_H

#include "core/status.h"

#include <stddef.h>

/* Inputs as a caller gives them. */
typedef struct dni_inputs {
    const float *values; /* (count, height, width, 3) */
    size_t stride;       /* floats from one image to the next */
    int count, height, width;
} dni_inputs;

/* DN_ERR_ARGUMENT, naming the first such value and its place, where one of the floats is infinite or NaN: it
 * would spread over a picture's features, or be lost in a maximum, unseen. */
dn_status dni_inputs_check(const dni_inputs *inputs, dn_error *error);

#endif
