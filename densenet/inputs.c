/* Looking through inputs before the network does. */
#include "densenet/inputs.h"

#include "core/error.h"
#include "core/number.h"

#include <math.h>
#include <stddef.h>

dn_status dni_inputs_check(const float *inputs, int count, int height, int width, dn_error *error) {
    const size_t row = 3 * (size_t)width, image = row * (size_t)height;
    if (dni_all_finite(inputs, image * (size_t)count)) return DN_OK;
    size_t i = 0;
    while (isfinite(inputs[i])) i++;
    return dni_fail(error, DN_ERR_ARGUMENT, "inputs: image %zu holds %g at row %zu, column %zu, channel %zu",
                    i / image, (double)inputs[i], i % image / row, i % row / 3, i % 3);
}
