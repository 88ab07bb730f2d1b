/* SPDX-License-Identifier: MIT */
/* PyTorch's .pth files, both formats, without executing anything.
 *
 * A .pth is a Python pickle that describes tensors and their storages. Only a closed list of opcodes and
 * globals is understood (pickle.h); anything else is refused by name. Tensors may sit at any depth of
 * dictionaries ({'state_dict': {...}}); the one dictionary that holds tensors is taken. Shared storages,
 * offsets and strides are honoured: tensors are views, in memory from `allocator` (NULL: the system's) or,
 * of a legacy file in lasting memory, of the bytes that lie there aligned. */
#ifndef DN_WEIGHTS_PTH_H
#define DN_WEIGHTS_PTH_H

#include "core/tensor_dict.h"
#include "io/file.h"

#include <stdbool.h>

/* torch >= 1.6: an uncompressed zip archive of data.pkl and one record a storage. */
dn_status dni_pth_zip_read(dni_tensor_dict **out, const dni_file *file, const dn_allocator *allocator,
                           dn_error *error);
/* Writes every tensor (dense ones; DN_ERR_ARGUMENT otherwise) in this format, atomically and in the
 * dictionary's order; equal content gives equal bytes. The metadata has no place in it. */
dn_status dni_pth_zip_write(const dni_tensor_dict *dict, const char *path, dn_error *error);

/* Before: five pickles in a row, then the storages. */
bool dni_pth_is_legacy(const unsigned char *first_bytes, size_t size);
dn_status dni_pth_legacy_read(dni_tensor_dict **out, const dni_file *file, const dn_allocator *allocator,
                              dn_error *error);

#endif
