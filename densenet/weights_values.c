/* SPDX-License-Identifier: MIT */
/* Values of weights: checked, and read from the file where they stayed in it. */
#include "densenet/weights_values.h"

#include "core/error.h"
#include "core/number.h"

#include <math.h>
#include <stdio.h>

dn_status dni_values_check(const float *values, const dni_tensor *tensor, const char *name, bool is_variance,
                           const char *path, dn_error *error) {
    const size_t count = (size_t)dni_tensor_count(tensor);
    if (!is_variance && dni_all_finite(values, count)) return DN_OK;
    for (size_t i = 0; i < count; i++)
        if (!isfinite(values[i]) || (is_variance && values[i] < 0.0f))
            return dni_fail(error, DN_ERR_CORRUPT, "%s: tensor '%s' holds %g at element %zu", path, name,
                            (double)values[i], i);
    return DN_OK;
}

static dn_status read_values(float *to, const dni_tensor *tensor, const dni_file *file, dn_error *error) {
    return dni_file_read_at(file, to, (size_t)dni_tensor_count(tensor) * sizeof *to, tensor->place, error);
}

dn_status dni_weights_leave(dn_weights *weights, const dni_tensor *tensor, const dni_tensor_walk *walk,
                            const dni_file *file, dn_error *error) {
    if (tensor->rank > 1) return dni_tensor_dict_add(weights->tensors, walk->name, *tensor, error);
    void *data;
    dn_status status = dni_tensor_dict_allocate(weights->tensors, walk->name, DNI_F32, tensor->rank,
                                                tensor->shape, &data, error);
    if (!status) status = read_values(data, tensor, file, error);
    return status ? status
                  : dni_values_check(data, tensor, walk->name, walk->role == DNI_NORM_VARIANCE, file->path,
                                     error);
}

typedef struct weight_name {
    char text[DNI_NAME_SIZE + 16];
} weight_name;

static weight_name name_of(const char *module) {
    weight_name name;
    snprintf(name.text, sizeof name.text, "%s.weight", module);
    return name;
}

dn_status dni_weights_fetch(const float **values, const dn_weights *weights, const char *module, float *room,
                            dn_error *error) {
    const dni_tensor *tensor = dni_tensor_dict_find(weights->tensors, name_of(module).text);
    *values = tensor->data ? tensor->data : room;
    return tensor->data ? DN_OK : read_values(room, tensor, &weights->file, error);
}

dn_status dni_weights_check_fetched(const float *values, const dn_weights *weights, const char *module,
                                    dn_error *error) {
    const weight_name name = name_of(module);
    const dni_tensor *tensor = dni_tensor_dict_find(weights->tensors, name.text);
    return tensor->data ? DN_OK
                        : dni_values_check(values, tensor, name.text, false, weights->file.path, error);
}
