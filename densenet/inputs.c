/* SPDX-License-Identifier: MIT */
/* Looking through inputs before the network does. */
#include "densenet/inputs.h"

#include "core/error.h"
#include "core/number.h"

#include <math.h>

dn_status dni_inputs_check(const dni_inputs *inputs, dn_error *error) {
    const size_t row = 3 * (size_t)inputs->width, size = row * (size_t)inputs->height;
    for (int n = 0; n < inputs->count; n++) {
        const float *const image = inputs->values + (size_t)n * inputs->stride;
        if (dni_all_finite(image, size)) continue;
        size_t i = 0;
        while (isfinite(image[i])) i++;
        return dni_fail(error, DN_ERR_ARGUMENT,
                        "inputs: image %d holds %g at row %zu, column %zu, channel %zu", n, (double)image[i],
                        i / row, i % row / 3, i % 3);
    }
    return DN_OK;
}
