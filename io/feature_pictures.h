/* SPDX-License-Identifier: MIT */
/* Which picture each record of a feature store is of: a table of pictures in the store's file.
 *
 * Records are found by content, which says nothing to whoever has no pictures to hash. The table says it: for
 * each picture its path, split and class, and for each view of it the row of its record. It lies in tensors
 * of its own, which readers of the records alone pass over; all are there, or none:
 *
 *     pictures.paths    U8 (bytes)    relative to the data set, each with a zero byte behind it
 *     pictures.keys     U8 (n, 16)    of the files
 *     pictures.splits   U8 (n)        0 train, 1 valid, 2 test
 *     pictures.labels   I64 (n)       which of the classes
 *     pictures.rows     I64 (n, v)    of the records, a column a view; -1: there is none
 *     pictures.classes  U8 (bytes)    the classes' names, each with a zero byte behind it
 *     pictures.views    U8 (bytes)    the views' names, likewise, v of them
 */
#ifndef DN_IO_FEATURE_PICTURES_H
#define DN_IO_FEATURE_PICTURES_H

#include "io/content_key.h"
#include "io/safetensors.h"
#include "io/split.h"
#include "io/view.h"

#include <stdbool.h>

typedef struct dni_feature_picture {
    const char *path; /* relative to the data set */
    dni_key key;      /* of the file */
    dni_split split;
    int label;      /* index into classes */
    int view_count; /* it has the first of the views */
} dni_feature_picture;

/* What is written. */
typedef struct dni_feature_pictures {
    const dni_feature_picture *items;
    size_t count;
    const char *const *classes;
    int class_count;
    const dni_view *views;
    int view_count;
} dni_feature_pictures;

typedef enum dni_pictures_tensor {
    DNI_PICTURES_PATHS,
    DNI_PICTURES_KEYS,
    DNI_PICTURES_SPLITS,
    DNI_PICTURES_LABELS,
    DNI_PICTURES_ROWS,
    DNI_PICTURES_CLASSES,
    DNI_PICTURES_VIEWS,
    DNI_PICTURES_TENSORS
} dni_pictures_tensor;

const char *dni_pictures_tensor_name(dni_pictures_tensor which); /* "pictures.paths" */

/* Where the table lies in a file. */
typedef struct dni_pictures_place {
    dni_tensor tensors[DNI_PICTURES_TENSORS]; /* without data */
    uint64_t offsets[DNI_PICTURES_TENSORS];
    size_t count; /* of pictures */
    int view_count;
} dni_pictures_place;

/* *found: whether the file has a table; then types and shapes of all its tensors are as above. */
dn_status dni_feature_pictures_find(const dni_safetensors *content, bool *found, dni_pictures_place *out,
                                    dn_error *error);

/* Adds the table to the tensors of a store that is to be written, whose records have these keys, rising. */
dn_status dni_feature_pictures_add(dni_tensor_dict *dict, const dni_feature_pictures *pictures,
                                   const dni_key *keys, size_t key_count, dn_error *error);

/* Adds a file's own table, where there is one, to those of its successor, in which its row i is row
 * new_rows[i]; there are row_count. */
dn_status dni_feature_pictures_copy(dni_tensor_dict *dict, const dni_safetensors *content,
                                    const int64_t *new_rows, size_t row_count, dn_error *error);

/* Whether the table of the file, whose records have these keys, says just that already. */
dn_status dni_feature_pictures_are_in(const dni_safetensors *content, const dni_feature_pictures *pictures,
                                      const dni_key *keys, size_t key_count, bool *same, dn_error *error);

#endif
