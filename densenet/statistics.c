/* SPDX-License-Identifier: MIT */
/* Batch-norm statistics in and out of weights. */
#include "densenet/statistics.h"

#include "core/error.h"
#include "densenet/weights.h"

#include <math.h>
#include <string.h>

static bool ends_with(const char *text, const char *end) {
    const size_t length = strlen(text), end_length = strlen(end);
    return length >= end_length && strcmp(text + length - end_length, end) == 0;
}

bool dni_is_statistic(const char *name) {
    return ends_with(name, ".running_mean") || ends_with(name, ".running_var");
}

dn_status dni_statistics_collect(dni_tensor_dict *out, const dn_weights *weights, dn_error *error) {
    const dni_tensor_dict *tensors = weights->tensors;
    for (size_t i = 0; i < dni_tensor_dict_count(tensors); i++) {
        const dni_named_tensor *entry = dni_tensor_dict_at(tensors, i);
        if (!dni_is_statistic(entry->name)) continue;
        const dn_status status = dni_tensor_dict_add(out, entry->name, entry->tensor, error);
        if (status) return status;
    }
    return DN_OK;
}

static dn_status apply_one(dni_tensor *target, const char *tensor_name, const dni_tensor_dict *dict,
                           const char *name, dn_error *error) {
    const dni_tensor *source = dni_tensor_dict_find(dict, tensor_name);
    if (!source)
        return dni_fail(error, DN_ERR_TENSOR_MISSING, "%s: tensor '%s' is missing", name, tensor_name);
    if (source->dtype != DNI_F32)
        return dni_fail(error, DN_ERR_TENSOR_DTYPE, "%s: tensor '%s' is %s, not F32", name, tensor_name,
                        dni_dtype_name(source->dtype));
    if (!dni_tensor_same_shape(source, target->rank, target->shape)) {
        char text[2][96];
        return dni_fail(error, DN_ERR_TENSOR_SHAPE, "%s: tensor '%s' is %s, expected %s", name, tensor_name,
                        dni_tensor_shape_text(source->rank, source->shape, text[0], sizeof text[0]),
                        dni_tensor_shape_text(target->rank, target->shape, text[1], sizeof text[1]));
    }
    dni_tensor_to_f32(source, target->data);
    const float *values = target->data;
    const bool is_variance = ends_with(tensor_name, ".running_var");
    for (int64_t i = 0; i < dni_tensor_count(target); i++)
        if (!isfinite(values[i]) || (is_variance && values[i] < 0.0f))
            return dni_fail(error, DN_ERR_CORRUPT, "%s: tensor '%s' holds %g at element %lld", name,
                            tensor_name, (double)values[i], (long long)i);
    return DN_OK;
}

dn_status dni_statistics_apply(dn_weights *weights, const dni_tensor_dict *dict, const char *name,
                               dn_error *error) {
    const dni_tensor_dict *tensors = weights->tensors;
    for (size_t i = 0; i < dni_tensor_dict_count(tensors); i++) {
        const dni_named_tensor *entry = dni_tensor_dict_at(tensors, i);
        if (!dni_is_statistic(entry->name)) continue;
        dni_tensor target = entry->tensor;
        const dn_status status = apply_one(&target, entry->name, dict, name, error);
        if (status) return status;
    }
    return DN_OK;
}
