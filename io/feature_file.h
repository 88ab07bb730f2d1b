/* SPDX-License-Identifier: MIT */
/* A feature store's file: records sorted by key, in safetensors. The keys are in memory, the records are
 * read when they are asked for.
 *
 * Tensors "keys" U8 (n, 16), strictly rising, and "features" F32 or BF16 (n, features); metadata "format" and
 * "provenance"; and the table of pictures, where there is one (io/feature_pictures.h). */
#ifndef DN_IO_FEATURE_FILE_H
#define DN_IO_FEATURE_FILE_H

#include "io/content_key.h"
#include "io/feature_pictures.h"
#include "io/feature_values.h"
#include "io/safetensors.h"

#include <stdbool.h>

#define DNI_FEATURE_FORMAT "densenet feature store 2"

typedef struct dni_feature_file {
    const char *path, *provenance; /* the store's */
    size_t features;               /* numbers of a record */
    dni_dtype dtype; /* of each: the file's or, while there is none, that of the one to be written */
    bool is_open;    /* no records while there is no file */
    dni_safetensors content;
    dni_key *keys; /* (count) */
    size_t count;
    dni_feature_values values;
} dni_feature_file;

/* Reads the file of `path`, which need not be there. */
dn_status dni_feature_file_load(dni_feature_file *file, dn_error *error);
void dni_feature_file_unload(dni_feature_file *file);

/* Finds both tensors in an open file, whatever its number of features is, and checks their types and shapes;
 * *keys_offset: where the keys are. */
dn_status dni_feature_file_find_tensors(dni_feature_values *values, uint64_t *keys_offset,
                                        const dni_safetensors *content, dn_error *error);

/* Whether there is a record of the key, and its row; else *row is the one before which it would be. */
bool dni_feature_file_find(const dni_feature_file *file, const dni_key *key, size_t *row);
dn_status dni_feature_file_read(const dni_feature_file *file, size_t row, float *out, dn_error *error);

#endif
