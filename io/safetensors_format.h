/* SPDX-License-Identifier: MIT */
/* What the reader and the writer of safetensors share: limits and names of the format. */
#ifndef DN_IO_SAFETENSORS_FORMAT_H
#define DN_IO_SAFETENSORS_FORMAT_H

#include "core/tensor_dict.h"

/* The format's limit of a header; then ours, far above what a model has: entries of metadata, and bytes that
 * describe a tensor, its name aside. */
enum { LENGTH_BYTES = 8, HEADER_LIMIT = 100000000, METADATA_LIMIT = 1000, DESCRIPTION_LIMIT = 4096 };

#define METADATA_KEY "__metadata__"

static inline size_t tensor_bytes(const dni_tensor *tensor) {
    return (size_t)dni_tensor_count(tensor) * dni_dtype_size(tensor->dtype);
}

#endif
