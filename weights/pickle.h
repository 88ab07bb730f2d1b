/* SPDX-License-Identifier: MIT */
/* Python pickles as plain data: a closed list of opcodes and globals, and nothing is ever executed.
 *
 * A pickle is a program for a small stack machine. Of its opcodes only those are understood that build data
 * (numbers, strings, tuples, lists, dictionaries, references); of its globals only the ones torch writes into
 * a state dict, whose meaning is fixed here, and those that training scripts leave beside one, which become
 * objects without content. Any other is refused by name with DN_ERR_UNSAFE. */
#ifndef DN_WEIGHTS_PICKLE_H
#define DN_WEIGHTS_PICKLE_H

#include "core/status.h"
#include "core/tensor.h"
#include "weights/allowance.h"

#include <stddef.h>
#include <stdint.h>

typedef enum dni_pickle_kind {
    DNI_PICKLE_NONE,
    DNI_PICKLE_BOOL,
    DNI_PICKLE_INT,  /* fits 64 bits */
    DNI_PICKLE_LONG, /* does not: its little-endian bytes, in `string` */
    DNI_PICKLE_FLOAT,
    DNI_PICKLE_STRING,
    DNI_PICKLE_TUPLE,
    DNI_PICKLE_LIST,
    DNI_PICKLE_DICT, /* OrderedDict too */
    DNI_PICKLE_GLOBAL,
    DNI_PICKLE_STORAGE,
    DNI_PICKLE_TENSOR, /* Parameter too */
    DNI_PICKLE_OBJECT, /* of a class that has no meaning here: whatever is in it was dropped */
} dni_pickle_kind;

typedef struct dni_pickle_value dni_pickle_value;

typedef struct dni_pickle_storage {
    const char *key;
    dni_dtype dtype;
    int64_t count;                   /* elements of the storage of that key */
    int64_t view_offset, view_count; /* the part of it that this value means */
    struct dni_pickle_storage *root; /* the first storage of the same key: it bears the data */
    uint64_t file_offset;            /* of the root's bytes in a legacy file; 0: not known */
    const void *data;                /* the root's elements, aligned; NULL until somebody needs them */
} dni_pickle_storage;

typedef struct dni_pickle_tensor {
    dni_pickle_storage *storage;
    int64_t offset; /* in elements */
    int rank;
    int64_t shape[DNI_MAX_RANK], stride[DNI_MAX_RANK];
} dni_pickle_tensor;

struct dni_pickle_value {
    dni_pickle_kind kind;
    int visited; /* for walks: values may be shared, and contain themselves */
    union {
        int64_t integer; /* BOOL, INT */
        double real;
        struct {
            const char *text; /* terminated; may hold zero bytes */
            size_t size;
        } string;
        struct { /* TUPLE, LIST; DICT: keys and values in turn */
            dni_pickle_value **items;
            size_t count, capacity;
        } list;
        int global; /* an index into the list of pickle_torch.c */
        dni_pickle_storage *storage;
        dni_pickle_tensor *tensor;
    } as;
};

typedef struct dni_pickle {
    dni_pickle_value *root;
    dni_pickle_storage **storages; /* sorted by key, as often as they are referred to */
    size_t storage_count;
    struct dni_pickle_chunk *chunks; /* the memory of it all */
} dni_pickle;

/* The most values that a pickle may make: a state dict has about twenty for each tensor. */
enum { DNI_PICKLE_VALUES = 1 << 22 };

/* Reads the pickle that begins at bytes[*position] and leaves *position behind its end. Its memory is taken
 * from the allowance. Messages name the allowance's path and positions. */
dn_status dni_pickle_read(dni_pickle **out, const unsigned char *bytes, size_t size, size_t *position,
                          dni_allowance *allowance, dn_error *error);
void dni_pickle_free(dni_pickle *pickle);

/* The value of a string key in a DICT (the last, as in Python), or NULL. */
dni_pickle_value *dni_pickle_get(const dni_pickle_value *dict, const char *key);

#endif
