/* SPDX-License-Identifier: MIT */
/* Values of weights: checked, and read from the file where they stayed in it. */
#include "densenet/weights_values.h"

#include "core/error.h"
#include "core/number.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* Floats that are read at a time: 256 KB, which stay in the second-level cache while they are checked and
 * hashed. */
enum { PIECE = 1 << 16 };

dn_status dni_values_check(const float *values, size_t count, size_t first, const char *name,
                           bool is_variance, const char *path, dn_error *error) {
    if (!is_variance && dni_all_finite(values, count)) return DN_OK;
    for (size_t i = 0; i < count; i++)
        if (!isfinite(values[i]) || (is_variance && values[i] < 0.0f))
            return dni_fail(error, DN_ERR_CORRUPT, "%s: tensor '%s' holds %g at element %zu", path, name,
                            (double)values[i], first + i);
    return DN_OK;
}

dn_status dni_value_scan_begin(dni_value_scan *scan, const dni_file *file, dn_error *error) {
    *scan = (dni_value_scan){.file = file, .piece = malloc(PIECE * sizeof *scan->piece)};
    dni_weights_hash_begin(&scan->hasher);
    return scan->piece ? DN_OK : dni_no_memory(error, "%s", file->path);
}

void dni_value_scan_end(dni_value_scan *scan, char hex[33]) {
    if (hex) dni_weights_hash_end(&scan->hasher, hex);
    free(scan->piece);
    scan->piece = NULL;
}

/* Values first .. first + count - 1 of the tensor, read to `to`. */
static dn_status scan_piece(dni_value_scan *scan, const dni_tensor *tensor, size_t first, size_t count,
                            const dni_tensor_walk *walk, float *to, dn_error *error) {
    dn_status status =
        dni_file_read_at(scan->file, to, count * sizeof *to, tensor->place + first * sizeof *to, error);
    if (!status)
        status = dni_values_check(to, count, first, walk->name, walk->role == DNI_NORM_VARIANCE,
                                  scan->file->path, error);
    if (!status && !dni_is_of_classifier(walk)) dni_weights_hash_values(&scan->hasher, to, count);
    return status;
}

static dn_status scan_vector(dni_value_scan *scan, dn_weights *weights, const dni_tensor *tensor,
                             const dni_tensor_walk *walk, dn_error *error) {
    void *data;
    const dn_status status = dni_tensor_dict_allocate(weights->tensors, walk->name, DNI_F32, tensor->rank,
                                                      tensor->shape, &data, error);
    return status ? status : scan_piece(scan, tensor, 0, (size_t)dni_tensor_count(tensor), walk, data, error);
}

dn_status dni_value_scan_take(dni_value_scan *scan, dn_weights *weights, const dni_tensor *tensor,
                              const dni_tensor_walk *walk, dn_error *error) {
    if (!dni_is_of_classifier(walk)) dni_weights_hash_tensor(&scan->hasher, walk);
    if (tensor->rank < 2) return scan_vector(scan, weights, tensor, walk, error);
    const size_t count = (size_t)dni_tensor_count(tensor);
    dn_status status = dni_tensor_dict_add(weights->tensors, walk->name, *tensor, error);
    for (size_t first = 0; first < count && !status; first += PIECE) {
        const size_t left = count - first;
        status = scan_piece(scan, tensor, first, left < PIECE ? left : PIECE, walk, scan->piece, error);
    }
    return status;
}

dn_status dni_weights_fetch(const float **values, const dni_tensor_dict *tensors, const dni_file *file,
                            const char *module, float *room, dn_error *error) {
    char name[DNI_NAME_SIZE + 16];
    snprintf(name, sizeof name, "%s.weight", module);
    const dni_tensor *tensor = dni_tensor_dict_find(tensors, name);
    *values = tensor->data ? tensor->data : room;
    if (tensor->data) return DN_OK;
    return dni_file_read_at(file, room, (size_t)dni_tensor_count(tensor) * sizeof *room, tensor->place,
                            error);
}
