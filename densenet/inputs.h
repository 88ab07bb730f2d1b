/* What a caller gives the network. */
#ifndef DN_DENSENET_INPUTS_H
#define DN_DENSENET_INPUTS_H

#include "core/status.h"

/* DN_ERR_ARGUMENT, naming the first such value and its place, where one of the (count, height, width, 3)
 * floats is infinite or NaN: it would spread over a picture's features, or be lost in a maximum, unseen. */
dn_status dni_inputs_check(const float *inputs, int count, int height, int width, dn_error *error);

#endif
