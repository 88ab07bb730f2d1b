/* SPDX-License-Identifier: MIT */
/* safetensors: named tensors in one file.
 *
 * Layout: u64 little-endian header length; a JSON header, name -> {dtype, shape, data_offsets}, which may end
 * in spaces; the bytes. Every rule of the format is checked: header of at most 100,000,000 bytes that begins
 * with '{', no name twice, offsets in range, in order, without holes or overlap, sizes that fit dtype and
 * shape. Two limits are ours: 100,000 tensors and 1,000 entries of metadata, far above any network's. */
#ifndef DN_IO_SAFETENSORS_H
#define DN_IO_SAFETENSORS_H

#include "core/tensor_dict.h"
#include "io/file.h"
#include "io/sink.h"

#include <stdbool.h>
#include <stdint.h>

/* An open file: what its header says, while the tensors' bytes stay in the file. */
typedef struct dni_safetensors {
    dni_file file;
    dni_tensor_dict *dict; /* tensors without data, with their places; `__metadata__` is its metadata */
} dni_safetensors;

/* `path` must outlive the file. On failure there is nothing to close. */
dn_status dni_safetensors_open(dni_safetensors *out, const char *path, dn_error *error);
void dni_safetensors_close(dni_safetensors *file);
/* The tensor of that name, without data, and where in the file its bytes are; false when there is none. */
bool dni_safetensors_find(const dni_safetensors *file, const char *name, dni_tensor *tensor,
                          uint64_t *offset);

/* Reads all of a file into memory of the dict's own; the second one reads a file that is open, into memory
 * from `allocator` (NULL: the system's), and where it is lasting memory points to what lies there aligned. */
dn_status dni_safetensors_read(dni_tensor_dict **out, const char *path, dn_error *error);
dn_status dni_safetensors_read_file(dni_tensor_dict **out, const dni_file *file,
                                    const dn_allocator *allocator, dn_error *error);

/* What the header of an open file says alone: tensors without data, with their places in it. */
dn_status dni_safetensors_describe(dni_tensor_dict **out, const dni_file *file, const dn_allocator *allocator,
                                   dn_error *error);

/* Writes every tensor (dense ones; DN_ERR_ARGUMENT otherwise) and the metadata, atomically. Tensors are
 * ordered by falling element size and then by name, metadata by key, and the header is padded with spaces to
 * a multiple of 64 bytes, so that the same content always gives the same bytes. */
dn_status dni_safetensors_write(const dni_tensor_dict *dict, const char *path, dn_error *error);

/* The same of a dictionary with tensors that are too large to be held: those without data. Each is asked for
 * when it is its turn, and `produce` puts exactly its bytes into the sink; else DN_ERR_ARGUMENT. */
typedef dn_status dni_tensor_producer(void *context, const dni_named_tensor *tensor, const dni_sink *to,
                                      dn_error *error);
dn_status dni_safetensors_write_pieces(const dni_tensor_dict *dict, const char *path,
                                       dni_tensor_producer *produce, void *context, dn_error *error);

/* The same bytes, in memory from `allocator` (NULL: the system's, for free()); `name` is for messages. */
dn_status dni_safetensors_write_memory(const dni_tensor_dict *dict, const char *name,
                                       const dn_allocator *allocator, void **bytes, size_t *size,
                                       dn_error *error);

#endif
