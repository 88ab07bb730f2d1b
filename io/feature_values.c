/* SPDX-License-Identifier: MIT */
/* Feature vectors by row: one read for each run of rows that lie side by side. */
#include "io/feature_values.h"

#include "core/bf16.h"
#include "core/error.h"
#include "io/retry.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

size_t dni_feature_values_row_bytes(const dni_feature_values *values) {
    return values->features * dni_dtype_size(values->dtype);
}

dn_status dni_feature_values_find(dni_feature_values *out, const dni_safetensors *content, dn_error *error) {
    dni_tensor tensor;
    const char *path = content->file.path;
    *out = (dni_feature_values){.file = content->file};
    if (!dni_safetensors_find(content, "features", &tensor, &out->offset))
        return dni_fail(error, DN_ERR_TENSOR_MISSING, "%s: tensor 'features' is missing: not a feature store",
                        path);
    if (tensor.dtype != DNI_F32 && tensor.dtype != DNI_BF16)
        return dni_fail(error, DN_ERR_TENSOR_DTYPE, "%s: tensor 'features' must be F32 or BF16, not %s", path,
                        dni_dtype_name(tensor.dtype));
    char shape[96];
    if (tensor.rank != 2 || tensor.shape[1] < 1)
        return dni_fail(error, DN_ERR_TENSOR_SHAPE, "%s: tensor 'features' is %s, not (n, features)", path,
                        dni_tensor_shape_text(tensor.rank, tensor.shape, shape, sizeof shape));
    if (tensor.shape[0] > UINT32_MAX)
        return dni_fail(error, DN_ERR_UNSUPPORTED, "%s: %lld records are more than the %lu that are taken",
                        path, (long long)tensor.shape[0], (unsigned long)UINT32_MAX);
    out->count = (size_t)tensor.shape[0];
    out->features = (size_t)tensor.shape[1];
    out->dtype = tensor.dtype;
    return DN_OK;
}

dn_status dni_feature_values_keep(dni_feature_values *out, const dni_feature_values *from, dn_error *error) {
    *out = (dni_feature_values){.count = 0};
    char *path = strdup(from->file.path);
    if (!path) return dni_no_memory(error, "%s", from->file.path);
    const int descriptor = dni_duplicate(from->file.descriptor);
    if (descriptor < 0) {
        const int number = errno;
        free(path);
        return dni_fail_errno(error, number, "%s: cannot be kept open", from->file.path);
    }
    *out = *from;
    out->file.descriptor = descriptor;
    out->file.path = out->kept_path = path;
    return DN_OK;
}

void dni_feature_values_close(dni_feature_values *kept) {
    if (!kept->kept_path) return;
    dni_file_close(&kept->file);
    free(kept->kept_path);
    *kept = (dni_feature_values){.count = 0};
}

/* Each float ends no later than the number behind its own begins. */
void dni_feature_values_widen(float *out, size_t count) {
    const unsigned char *from = (const unsigned char *)out + 2 * count;
    for (size_t i = 0; i < count; i++) {
        uint16_t upper;
        memcpy(&upper, from + 2 * i, sizeof upper);
        out[i] = dni_bf16_value(upper);
    }
}

dn_status dni_feature_values_read_kept(const dni_feature_values *values, size_t first, size_t count,
                                       void *out, dn_error *error) {
    const size_t row = dni_feature_values_row_bytes(values);
    return dni_file_read_at(&values->file, out, count * row, values->offset + (uint64_t)first * row, error);
}

static dn_status read_run(const dni_feature_values *values, size_t first, size_t count, float *out,
                          dn_error *error) {
    const size_t numbers = count * values->features;
    const size_t size = count * dni_feature_values_row_bytes(values);
    unsigned char *place = (unsigned char *)out + (numbers * sizeof *out - size);
    const dn_status status = dni_feature_values_read_kept(values, first, count, place, error);
    if (!status && values->dtype == DNI_BF16) dni_feature_values_widen(out, numbers);
    return status;
}

dn_status dni_feature_values_read(const dni_feature_values *values, const uint32_t *rows, size_t count,
                                  float *out, dn_error *error) {
    dn_status status = DN_OK;
    for (size_t i = 0, run; i < count && !status; i += run) {
        run = 1;
        while (i + run < count && rows[i + run] == (uint64_t)rows[i] + run) run++;
        if ((uint64_t)rows[i] + run > values->count)
            return dni_fail(error, DN_ERR_ARGUMENT, "%s: row %zu is not one of its %zu", values->file.path,
                            rows[i] + run - 1, values->count);
        status = read_run(values, rows[i], run, out + i * values->features, error);
    }
    return status;
}
