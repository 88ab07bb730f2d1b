/* SPDX-License-Identifier: MIT */
/* A dictionary of named tensors, which PyTorch calls a state dict, with string metadata beside it.
 *
 * It owns its names, the memory that it made and whatever it was given with dni_tensor_dict_adopt(); all of
 * that is freed with it. Names are unique; entries stay in the order of adding. */
#ifndef DN_CORE_TENSOR_DICT_H
#define DN_CORE_TENSOR_DICT_H

#include "core/status.h"
#include "core/tensor.h"

typedef struct dni_named_tensor {
    char *name;
    dni_tensor tensor;
} dni_named_tensor;

typedef struct dni_tensor_dict dni_tensor_dict;

/* The most tensors that are read from a file of any format: far above what a network or a model has. */
enum { DNI_TENSOR_LIMIT = 100000 };

dni_tensor_dict *dni_tensor_dict_create(void); /* NULL when out of memory */
/* The same, with its tensors' memory from `allocator`, which must outlive it; NULL: the system's. */
dni_tensor_dict *dni_tensor_dict_create_in(const dn_allocator *allocator);
void dni_tensor_dict_free(dni_tensor_dict *dict);

/* Adds a tensor. The name is copied; the data must live as long as the dictionary. DN_ERR_CORRUPT when there
 * is a tensor of that name already. */
dn_status dni_tensor_dict_add(dni_tensor_dict *dict, const char *name, dni_tensor tensor, dn_error *error);
/* Adds a dense tensor whose memory the dictionary owns, set to zero; *data points to that memory. */
dn_status dni_tensor_dict_allocate(dni_tensor_dict *dict, const char *name, dni_dtype dtype, int rank,
                                   const int64_t *shape, void **data, dn_error *error);
/* `size` bytes, aligned to DNI_ALIGNMENT and not cleared, that are freed with the dictionary; `name`: what
 * they are for, in a message. */
dn_status dni_tensor_dict_new_memory(dni_tensor_dict *dict, size_t size, const char *name, void **memory,
                                     dn_error *error);
/* Takes over `context`: release(context) runs once, when the dict is freed. */
dn_status dni_tensor_dict_adopt(dni_tensor_dict *dict, void (*release)(void *context), void *context,
                                dn_error *error);
/* Gives entry i, which was added without data, its own; it must live as long as the dict. */
void dni_tensor_dict_set_data(dni_tensor_dict *dict, size_t i, void *data);
/* Takes entry i out; its memory stays until the dict is freed. */
void dni_tensor_dict_remove(dni_tensor_dict *dict, size_t i);

/* At least what an entry of that name takes of memory, its data aside. While a dictionary grows, it takes
 * half as much more. */
size_t dni_tensor_dict_entry_bytes(const char *name);

size_t dni_tensor_dict_count(const dni_tensor_dict *dict);
const dni_named_tensor *dni_tensor_dict_at(const dni_tensor_dict *dict, size_t i);
const dni_tensor *dni_tensor_dict_find(const dni_tensor_dict *dict, const char *name); /* NULL: none */

/* String metadata. Setting a key again replaces its value; both texts are copied. dni_tensor_dict_meta()
 * returns NULL for a key that was not set. */
dn_status dni_tensor_dict_set_meta(dni_tensor_dict *dict, const char *key, const char *value,
                                   dn_error *error);
const char *dni_tensor_dict_meta(const dni_tensor_dict *dict, const char *key);
size_t dni_tensor_dict_meta_count(const dni_tensor_dict *dict);
void dni_tensor_dict_meta_at(const dni_tensor_dict *dict, size_t i, const char **key, const char **value);

#endif
