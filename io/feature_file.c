/* SPDX-License-Identifier: MIT */
/* A feature store's file: read, checked and searched. */
#include "io/feature_file.h"

#include "core/error.h"
#include "io/safetensors.h"

#include <stdlib.h>
#include <string.h>

void dni_feature_file_unload(dni_feature_file *file) {
    if (file->is_open) dni_safetensors_close(&file->content);
    free(file->keys);
    file->is_open = false;
    file->keys = NULL;
    file->count = 0;
}

dn_status dni_feature_file_find_tensors(dni_feature_values *values, uint64_t *keys_offset,
                                        const dni_safetensors *content, dn_error *error) {
    const char *path = content->file.path;
    dni_tensor keys;
    if (!dni_safetensors_find(content, "keys", &keys, keys_offset))
        return dni_fail(error, DN_ERR_TENSOR_MISSING, "%s: tensor 'keys' is missing: not a feature store",
                        path);
    const dn_status status = dni_feature_values_find(values, content, error);
    if (status) return status;
    if (keys.dtype != DNI_U8)
        return dni_fail(error, DN_ERR_TENSOR_DTYPE, "%s: tensor 'keys' must be U8, not %s", path,
                        dni_dtype_name(keys.dtype));
    char text[96];
    const int64_t n = (int64_t)values->count;
    if (!dni_tensor_same_shape(&keys, 2, (const int64_t[]){n, sizeof(dni_key)}))
        return dni_fail(error, DN_ERR_TENSOR_SHAPE, "%s: tensor 'keys' is %s, not (%lld, 16)", path,
                        dni_tensor_shape_text(keys.rank, keys.shape, text, sizeof text), (long long)n);
    return DN_OK;
}

/* Finds both tensors, of the store's number of features; *keys_offset: where the keys are. */
static dn_status find_tensors(dni_feature_file *file, uint64_t *keys_offset, dn_error *error) {
    const dn_status status = dni_feature_file_find_tensors(&file->values, keys_offset, &file->content, error);
    if (status) return status;
    const long long n = (long long)file->values.count;
    if (file->values.features != file->features)
        return dni_fail(error, DN_ERR_TENSOR_SHAPE,
                        "%s: tensor 'features' is (%lld, %zu), expected (%lld, %zu)", file->path, n,
                        file->values.features, n, file->features);
    file->count = file->values.count;
    file->dtype = file->values.dtype;
    return DN_OK;
}

static dn_status read_keys(dni_feature_file *file, uint64_t offset, dn_error *error) {
    file->keys = calloc(file->count + 1, sizeof *file->keys);
    if (!file->keys) return dni_no_memory(error, "%s: %zu keys", file->path, file->count);
    const dn_status status =
        dni_file_read_at(&file->content.file, file->keys, file->count * sizeof *file->keys, offset, error);
    if (status) return status;
    for (size_t i = 1; i < file->count; i++)
        if (memcmp(&file->keys[i - 1], &file->keys[i], sizeof *file->keys) >= 0)
            return dni_fail(error, DN_ERR_CORRUPT, "%s: tensor 'keys' is not sorted at row %zu", file->path,
                            i);
    return DN_OK;
}

static dn_status check_metadata(const dni_feature_file *file, dn_error *error) {
    const char *format = dni_tensor_dict_meta(file->content.dict, "format");
    const char *provenance = dni_tensor_dict_meta(file->content.dict, "provenance");
    if (!format || !provenance)
        return dni_fail(error, DN_ERR_FORMAT, "%s: not a feature store: metadata '%s' is missing", file->path,
                        format ? "provenance" : "format");
    if (strcmp(format, DNI_FEATURE_FORMAT) != 0)
        return dni_fail(error, DN_ERR_MISMATCH,
                        "%s: is a '%s', not a '%s': remove it and make it anew with 'ftrain extract'",
                        file->path, format, DNI_FEATURE_FORMAT);
    if (strcmp(provenance, file->provenance) != 0)
        return dni_fail(error, DN_ERR_MISMATCH, "%s: holds features of '%s', not of '%s'", file->path,
                        provenance, file->provenance);
    return DN_OK;
}

dn_status dni_feature_file_load(dni_feature_file *file, dn_error *error) {
    dn_error reason;
    uint64_t keys_offset = 0;
    dn_status status = dni_safetensors_open(&file->content, file->path, &reason);
    if (status == DN_ERR_NOT_FOUND) return DN_OK;
    if (status) return dni_fail(error, status, "%s", reason.message);
    file->is_open = true;
    bool has_pictures;
    dni_pictures_place pictures;
    status = check_metadata(file, error);
    if (!status) status = find_tensors(file, &keys_offset, error);
    if (!status) status = dni_feature_pictures_find(&file->content, &has_pictures, &pictures, error);
    return status ? status : read_keys(file, keys_offset, error);
}

bool dni_feature_file_find(const dni_feature_file *file, const dni_key *key, size_t *row) {
    size_t low = 0, high = file->count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        const int order = memcmp(&file->keys[middle], key, sizeof *key);
        if (order == 0) {
            *row = middle;
            return true;
        }
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    *row = low;
    return false;
}

dn_status dni_feature_file_read(const dni_feature_file *file, size_t row, float *out, dn_error *error) {
    return dni_feature_values_read(&file->values, &(const uint32_t){(uint32_t)row}, 1, out, error);
}
