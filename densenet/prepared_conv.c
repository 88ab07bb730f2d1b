/* SPDX-License-Identifier: MIT */
/* Folding and packing of one convolution.
 *
 * norm0 and norm2 come right after a convolution and are folded into its weights. norm1 and the norm of a
 * transition come before theirs and cannot be folded, because many layers read the same channels, each with a
 * norm of its own: they become the scale and shift that the kernel applies while it reads its input. */
#include "densenet/prepared_conv.h"

#include "core/memory.h"
#include "densenet/weights.h"
#include "layers/batch_norm.h"

#include <stdlib.h>

dni_prepared_conv dni_prepared_conv_of(dni_part part, dni_conv2d_requirements requirements) {
    dni_prepared_conv prepared = {.part = part, .conv = dni_part_conv2d(&part)};
    prepared.kernel = dni_conv2d_select(&prepared.conv, requirements);
    return prepared;
}

/* The floats that parameters() writes: scale and shift of the norm before the convolution; scale, shift and
 * bias of the norm behind it, and the folded weight. */
static size_t number_count(const dni_prepared_conv *prepared) {
    const dni_part *part = &prepared->part;
    const size_t in = (size_t)part->in_channels, out = (size_t)part->out_channels;
    const size_t taps = (size_t)(prepared->conv.kernel * prepared->conv.kernel);
    return (*part->norm_before ? 2 * in : 0) + (*part->norm_behind ? out * (3 + in * taps) : 0);
}

static dni_conv2d_params parameters(const dni_prepared_conv *prepared, const dni_tensor_dict *tensors,
                                    float *numbers) {
    const dni_part *part = &prepared->part;
    const int in = part->in_channels, out = part->out_channels;
    dni_conv2d_params params = {.weight = dni_weights_data(tensors, part->conv, "weight")};
    if (*part->norm_before) {
        dni_weights_norm(tensors, part->norm_before, in, numbers, numbers + in);
        params.scale = numbers;
        params.shift = numbers + in;
        numbers += 2 * in;
    }
    if (*part->norm_behind) {
        float *scale = numbers, *shift = scale + out, *bias = shift + out, *folded = bias + out;
        const int64_t per_channel = (int64_t)in * prepared->conv.kernel * prepared->conv.kernel;
        dni_weights_norm(tensors, part->norm_behind, out, scale, shift);
        dni_batch_norm_fold(scale, shift, out, per_channel, params.weight, folded, bias);
        params.weight = folded;
        params.bias = bias;
    }
    return params;
}

bool dni_prepared_conv_pack(const dni_prepared_conv *prepared, const dni_tensor_dict *tensors) {
    const size_t count = number_count(prepared);
    float *numbers = malloc((count + 1) * sizeof *numbers);
    if (!numbers) return false;
    const dni_conv2d_params params = parameters(prepared, tensors, numbers);
    dni_prefault(prepared->packed, prepared->kernel->packed_size(&prepared->conv));
    prepared->kernel->pack(&prepared->conv, &params, prepared->packed);
    free(numbers);
    return true;
}

void dni_prepared_conv_run(const dni_prepared_conv *prepared, const dni_tensor *x, const dni_tensor *y,
                           void *scratch, dni_pool *pool) {
    prepared->kernel->run(&prepared->conv, prepared->packed, x, y, scratch, pool);
}
