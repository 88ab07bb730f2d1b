/* safetensors: named tensors in one mapped file.
 *
 * Layout: u64 little-endian header length; a JSON header, name -> {dtype, shape, data_offsets}, which may end
 * in spaces; the bytes. Every rule of the format is checked: header of at most 100,000,000 bytes that begins
 * with '{', no name twice, offsets in range, in order, without holes or overlap, sizes that fit dtype and
 * shape. */
#ifndef DN_IO_SAFETENSORS_H
#define DN_IO_SAFETENSORS_H

#include "core/tensor_dict.h"

/* Maps the file and gives its tensors as views into it; `__metadata__` becomes the dict's metadata. */
dn_status dni_safetensors_read(dni_tensor_dict **out, const char *path, dn_error *error);

/* Writes every tensor (dense ones; DN_ERR_ARGUMENT otherwise) and the metadata, atomically. Tensors are
 * ordered by falling element size and then by name, metadata by key, and the header is padded with spaces to
 * a multiple of 64 bytes, so that the same content always gives the same bytes. */
dn_status dni_safetensors_write(const dni_tensor_dict *dict, const char *path, dn_error *error);

#endif
