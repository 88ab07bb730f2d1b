/* SPDX-License-Identifier: MIT */
/* Tensor views and element conversion. */
#include "core/tensor.h"

#include "core/bf16.h"

#include "core/memory.h"

#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    size_t size;
} dtypes[] = {
    [DNI_F32] = {"F32", 4}, [DNI_F64] = {"F64", 8},   [DNI_F16] = {"F16", 2}, [DNI_BF16] = {"BF16", 2},
    [DNI_I64] = {"I64", 8}, [DNI_I32] = {"I32", 4},   [DNI_I16] = {"I16", 2}, [DNI_I8] = {"I8", 1},
    [DNI_U8] = {"U8", 1},   [DNI_BOOL] = {"BOOL", 1},
};

size_t dni_dtype_size(dni_dtype dtype) {
    return dtypes[dtype].size;
}

const char *dni_dtype_name(dni_dtype dtype) {
    return dtypes[dtype].name;
}

bool dni_dtype_from_name(const char *name, dni_dtype *out) {
    for (size_t i = 0; i < sizeof dtypes / sizeof *dtypes; i++) {
        if (strcmp(name, dtypes[i].name) == 0) {
            *out = (dni_dtype)i;
            return true;
        }
    }
    return false;
}

dni_tensor dni_tensor_of(dni_dtype dtype, void *data, int rank, const int64_t *shape) {
    dni_tensor tensor = {.data = data, .dtype = dtype, .rank = rank};
    int64_t stride = 1;
    for (int d = rank - 1; d >= 0; d--) {
        tensor.shape[d] = shape[d];
        tensor.stride[d] = stride;
        stride *= shape[d];
    }
    return tensor;
}

dni_tensor dni_tensor_nhwc(float *data, int64_t n, int64_t h, int64_t w, int64_t c) {
    return dni_tensor_of(DNI_F32, data, 4, (int64_t[]){n, h, w, c});
}

int64_t dni_tensor_count(const dni_tensor *tensor) {
    int64_t count = 1;
    for (int d = 0; d < tensor->rank; d++) count *= tensor->shape[d];
    return count;
}

bool dni_tensor_is_dense(const dni_tensor *tensor) {
    int64_t stride = 1;
    for (int d = tensor->rank - 1; d >= 0; d--) {
        if (tensor->shape[d] != 1 && tensor->stride[d] != stride) return false;
        stride *= tensor->shape[d];
    }
    return true;
}

bool dni_tensor_same_shape(const dni_tensor *tensor, int rank, const int64_t *shape) {
    if (tensor->rank != rank) return false;
    for (int d = 0; d < rank; d++)
        if (tensor->shape[d] != shape[d]) return false;
    return true;
}

dni_tensor dni_tensor_slice(const dni_tensor *tensor, int dim, int64_t start, int64_t count) {
    dni_tensor slice = *tensor;
    slice.shape[dim] = count;
    if (tensor->data)
        slice.data =
            (char *)tensor->data + start * tensor->stride[dim] * (int64_t)dni_dtype_size(tensor->dtype);
    return slice;
}

const char *dni_tensor_shape_text(int rank, const int64_t *shape, char *text, size_t size) {
    size_t used = (size_t)snprintf(text, size, "(");
    for (int d = 0; d < rank && used < size; d++)
        used += (size_t)snprintf(text + used, size - used, "%s%lld", d ? ", " : "", (long long)shape[d]);
    if (used < size) snprintf(text + used, size - used, ")");
    return text;
}

static float f32_of_bits(uint32_t bits) {
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* IEEE 754 binary16; subnormals become normal floats, infinities and NaNs stay. */
static float f32_of_f16(uint16_t half) {
    const uint32_t sign = (uint32_t)(half & 0x8000) << 16;
    const uint32_t exponent = (half >> 10) & 0x1f, fraction = half & 0x3ff;
    if (exponent == 0x1f) return f32_of_bits(sign | 0x7f800000 | fraction << 13);
    if (exponent) return f32_of_bits(sign | (exponent + 112) << 23 | fraction << 13);
    const float magnitude = (float)fraction * 0x1p-24f;
    return sign ? -magnitude : magnitude;
}

#define READ(type)                                                                                           \
    type value;                                                                                              \
    memcpy(&value, element, sizeof value)

static float element_to_f32(dni_dtype dtype, const char *element) {
    switch (dtype) {
    case DNI_F32: {
        READ(float);
        return value;
    }
    case DNI_F64: {
        READ(double);
        return (float)value;
    }
    case DNI_F16: {
        READ(uint16_t);
        return f32_of_f16(value);
    }
    case DNI_BF16: {
        READ(uint16_t);
        return dni_bf16_value(value);
    }
    case DNI_I64: {
        READ(int64_t);
        return (float)value;
    }
    case DNI_I32: {
        READ(int32_t);
        return (float)value;
    }
    case DNI_I16: {
        READ(int16_t);
        return (float)value;
    }
    case DNI_I8: {
        READ(int8_t);
        return (float)value;
    }
    case DNI_U8:
    case DNI_BOOL: {
        READ(uint8_t);
        return (float)value;
    }
    }
    return 0.0f;
}

void dni_tensor_to_f32(const dni_tensor *tensor, float *out) {
    const int64_t count = dni_tensor_count(tensor);
    if (tensor->dtype == DNI_F32 && dni_tensor_is_dense(tensor)) {
        if (count) memcpy(out, tensor->data, (size_t)count * sizeof *out);
        return;
    }
    const int64_t size = (int64_t)dni_dtype_size(tensor->dtype);
    int64_t index[DNI_MAX_RANK] = {0};
    int64_t offset = 0;
    for (int64_t i = 0; i < count; i++) {
        out[i] = element_to_f32(tensor->dtype, (const char *)tensor->data + offset * size);
        for (int d = tensor->rank - 1; d >= 0; d--) { /* the next index, row-major */
            offset += tensor->stride[d];
            if (++index[d] < tensor->shape[d]) break;
            offset -= tensor->stride[d] * tensor->shape[d];
            index[d] = 0;
        }
    }
}
