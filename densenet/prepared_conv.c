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

dni_prepared_conv dni_prepared_conv_of(dni_part part, dni_conv2d_requirements requirements) {
    dni_prepared_conv prepared = {.part = part, .conv = dni_part_conv2d(&part)};
    prepared.kernel = dni_conv2d_select(&prepared.conv, requirements);
    return prepared;
}

static size_t weight_count(const dni_prepared_conv *prepared) {
    const size_t side = (size_t)prepared->conv.kernel;
    return (size_t)prepared->part.in_channels * (size_t)prepared->part.out_channels * side * side;
}

/* The weight, read or folded; the input's means; scale and shift of the norm before the convolution; scale,
 * shift and bias of the norm behind it. */
size_t dni_prepared_conv_room(const dni_prepared_conv *prepared) {
    const dni_part *part = &prepared->part;
    const size_t in = (size_t)part->in_channels, out = (size_t)part->out_channels;
    return weight_count(prepared) + (*part->input_norm ? in : 0) + (*part->norm_before ? 2 * in : 0) +
           (*part->norm_behind ? 3 * out : 0);
}

/* room: of dni_prepared_conv_room() floats. A weight that was read is folded where it is. */
static dni_conv2d_params parameters(const dni_prepared_conv *prepared, const dni_tensor_dict *tensors,
                                    const float *weight, float *room) {
    const dni_part *part = &prepared->part;
    const int in = part->in_channels, out = part->out_channels;
    dni_conv2d_params params = {.weight = weight};
    float *numbers = room + weight_count(prepared);
    if (*part->input_norm) {
        dni_batch_norm_relu_mean(dni_weights_data(tensors, part->input_norm, "weight"),
                                 dni_weights_data(tensors, part->input_norm, "bias"), in, numbers);
        params.input_mean = numbers;
        numbers += in;
    }
    if (*part->norm_before) {
        dni_weights_norm(tensors, part->norm_before, in, numbers, numbers + in);
        params.scale = numbers;
        params.shift = numbers + in;
        numbers += 2 * in;
    }
    if (*part->norm_behind) {
        float *scale = numbers, *shift = scale + out, *bias = shift + out;
        const int64_t per_channel = (int64_t)in * prepared->conv.kernel * prepared->conv.kernel;
        dni_weights_norm(tensors, part->norm_behind, out, scale, shift);
        dni_batch_norm_fold(scale, shift, out, per_channel, weight, room, bias);
        params.weight = room;
        params.bias = bias;
    }
    return params;
}

void dni_prepared_conv_pack(const dni_prepared_conv *prepared, const dni_tensor_dict *tensors,
                            const float *weight, float *room) {
    const dni_conv2d_params params = parameters(prepared, tensors, weight, room);
    dni_prefault(prepared->packed, prepared->kernel->packed_size(&prepared->conv));
    prepared->kernel->pack(&prepared->conv, &params, prepared->packed);
}

void dni_prepared_conv_run(const dni_prepared_conv *prepared, const dni_tensor *x, const dni_tensor *y,
                           void *scratch, dni_pool *pool) {
    prepared->kernel->run(&prepared->conv, prepared->packed, x, y, scratch, pool);
}
