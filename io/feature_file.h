/* A feature store's file: records sorted by key, in safetensors, mapped.
 *
 * Tensors "keys" U8 (n, 16), strictly rising, and "features" F32 (n, features); metadata "format" and
 * "provenance". */
#ifndef DN_IO_FEATURE_FILE_H
#define DN_IO_FEATURE_FILE_H

#include "core/tensor_dict.h"
#include "io/content_key.h"

#define DNI_FEATURE_FORMAT "densenet feature store 2"

typedef struct dni_feature_file {
    const char *path, *provenance; /* the store's */
    size_t features;               /* floats of a record */
    dni_tensor_dict *dict;         /* NULL, and no records, while there is no file */
    const dni_key *keys;
    const float *values;
    size_t count;
} dni_feature_file;

/* Reads the file of `path`, which need not be there. */
dn_status dni_feature_file_load(dni_feature_file *file, dn_error *error);
void dni_feature_file_unload(dni_feature_file *file);

/* The record of a key, or NULL. */
const float *dni_feature_file_find(const dni_feature_file *file, const dni_key *key);

/* Writes the file with `count` more records, atomically; what is loaded stays the former file. */
dn_status dni_feature_file_write_with(const dni_feature_file *file, const dni_key *keys, const float *values,
                                      size_t count, dn_error *error);

#endif
