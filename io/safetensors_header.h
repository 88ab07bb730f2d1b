/* SPDX-License-Identifier: MIT */
/* safetensors' header: its JSON, taken apart and checked. */
#ifndef DN_IO_SAFETENSORS_HEADER_H
#define DN_IO_SAFETENSORS_HEADER_H

#include "core/tensor_dict.h"

#include <stdint.h>

typedef struct dni_safetensors_record {
    char *name;
    dni_tensor tensor;   /* without data */
    uint64_t begin, end; /* in the data section */
} dni_safetensors_record;

/* The tensors of a header, in order of offset: they cover the data once and whole. */
typedef struct dni_safetensors_header {
    dni_safetensors_record *records;
    size_t count;
} dni_safetensors_header;

/* Takes apart the header's text, of `length` bytes; `data_size`: the bytes behind it. `__metadata__` goes
 * into dict's metadata. `path` is for messages. On failure, too, the header is to be freed. */
dn_status dni_safetensors_header_parse(dni_safetensors_header *out, dni_tensor_dict *dict, const char *text,
                                       size_t length, uint64_t data_size, const char *path, dn_error *error);
void dni_safetensors_header_free(dni_safetensors_header *header);

#endif
