/* SPDX-License-Identifier: MIT */
/* A feature store's file read from its beginning to its end, for whoever hands its content on: picture after
 * picture by its table (io/feature_pictures.h) or, in a file that has none, record after record. What it
 * takes of memory does not grow with their number. */
#ifndef DN_IO_FEATURE_READER_H
#define DN_IO_FEATURE_READER_H

#include "core/tensor.h"
#include "io/content_key.h"
#include "io/split.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct dni_feature_reader dni_feature_reader;

/* DN_ERR_FORMAT where the file is no feature store. `path` must outlive the reader. */
dn_status dni_feature_reader_open(dni_feature_reader **out, const char *path, dn_error *error);
void dni_feature_reader_close(dni_feature_reader *reader);

/* What it says of itself; the reader's. */
typedef struct dni_feature_header {
    const char *provenance; /* backbone, hash of its weights, preprocessing */
    size_t features;        /* numbers of a record */
    dni_dtype dtype;        /* what they are kept as: DNI_F32 or DNI_BF16 */
    size_t records;
    bool has_pictures; /* else the rest is empty */
    size_t pictures;
    char *const *classes;
    int class_count;
    char *const *views;
    int view_count;
} dni_feature_header;

const dni_feature_header *dni_feature_reader_header(const dni_feature_reader *reader);

/* A picture or, without a table, a record: then path is NULL, the key is the record's, and of the rest
 * rows[0] alone means something. Good until the next one is asked for. */
typedef struct dni_feature_entry {
    const char *path;
    dni_key key;
    dni_split split;
    int label;
    const int64_t *rows; /* (view_count, or 1): of the records; -1: there is none */
} dni_feature_entry;

/* The next one; *more is false behind the last. DN_ERR_CORRUPT where the table says what cannot be. */
dn_status dni_feature_reader_next(dni_feature_reader *reader, dni_feature_entry *out, bool *more,
                                  dn_error *error);
/* Begins anew. */
void dni_feature_reader_rewind(dni_feature_reader *reader);

/* The record of a row into out[0 .. features - 1]. */
dn_status dni_feature_reader_values(const dni_feature_reader *reader, int64_t row, float *out,
                                    dn_error *error);

#endif
