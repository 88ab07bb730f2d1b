/* SPDX-License-Identifier: MIT */
/* Tensors: typed, strided views of memory that somebody else owns.
 *
 * Activations are float32 with channels innermost, (N, H, W, C): element (n, y, x, c) lies at
 * data[n*stride[0] + y*stride[1] + x*stride[2] + c]. A slice of the channels of a wider buffer, or the inside
 * of a zero-bordered one, is the same type with the buffer's strides: that is how a dense block appends
 * without copying. Weights keep PyTorch's order, (out, in, kh, kw). */
#ifndef DN_CORE_TENSOR_H
#define DN_CORE_TENSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { DNI_MAX_RANK = 8 };

typedef enum dni_dtype {
    DNI_F32,
    DNI_F64,
    DNI_F16,
    DNI_BF16,
    DNI_I64,
    DNI_I32,
    DNI_I16,
    DNI_I8,
    DNI_U8,
    DNI_BOOL,
} dni_dtype;

/* Bytes of one element; the name as safetensors writes it ("F32", "BF16", "I64", ...). */
size_t dni_dtype_size(dni_dtype dtype);
const char *dni_dtype_name(dni_dtype dtype);
/* *out = the dtype of that name; false when there is none. */
bool dni_dtype_from_name(const char *name, dni_dtype *out);

typedef struct dni_tensor {
    void *data;
    uint64_t place; /* of the values in a file, where they are still there: data is NULL */
    dni_dtype dtype;
    int rank;
    int64_t shape[DNI_MAX_RANK];
    int64_t stride[DNI_MAX_RANK]; /* in elements */
} dni_tensor;

/* A dense row-major tensor over `data`. */
dni_tensor dni_tensor_of(dni_dtype dtype, void *data, int rank, const int64_t *shape);
/* A dense float32 (n, h, w, c) tensor over `data`. */
dni_tensor dni_tensor_nhwc(float *data, int64_t n, int64_t h, int64_t w, int64_t c);

/* Elements in all; 1 for a scalar. */
int64_t dni_tensor_count(const dni_tensor *tensor);
/* Whether the elements lie densely in row-major order. */
bool dni_tensor_is_dense(const dni_tensor *tensor);
bool dni_tensor_same_shape(const dni_tensor *tensor, int rank, const int64_t *shape);

/* The view of indices start .. start + count - 1 of dimension `dim`. A slice of a tensor whose data is NULL
 * (while an arena is measured) also has data NULL. */
dni_tensor dni_tensor_slice(const dni_tensor *tensor, int dim, int64_t start, int64_t count);

/* "(64, 3, 7, 7)" into text; always terminated. Returns text. */
const char *dni_tensor_shape_text(int rank, const int64_t *shape, char *text, size_t size);

/* Converts the tensor's elements, in row-major order and whatever its strides, to float32. `out` holds
 * dni_tensor_count() values. F32 passes every bit. */
void dni_tensor_to_f32(const dni_tensor *tensor, float *out);

#endif
