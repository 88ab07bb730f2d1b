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
#include "io/sink.h"
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

/* What is written. The pictures are asked for one after the other, several times. */
typedef struct dni_feature_pictures {
    size_t count;
    /* The picture at *position or, where its giver leaves some out, behind it; then *position is behind that
     * one. It is 0 for the first. */
    void (*next)(const void *context, size_t *position, dni_feature_picture *out);
    const void *context;
    const char *const *classes;
    int class_count;
    const dni_view *views;
    int view_count;
} dni_feature_pictures;

/* A dni_feature_pictures.next of an array of pictures, which is its context. */
void dni_feature_pictures_next_of_array(const void *context, size_t *position, dni_feature_picture *out);

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

/* The rows of a store's file that is written or looked at. */
typedef struct dni_feature_rows {
    int64_t (*of_key)(const void *context, const dni_key *key); /* -1: there is no record of the key */
    int64_t (*of_former)(const void *context, int64_t row);     /* of what was the row of a former file */
    const void *context;
} dni_feature_rows;

/* Adds the table's tensors, without data, to those of a store that is to be written: of these pictures, or as
 * a file's own table has them. */
dn_status dni_feature_pictures_add(dni_tensor_dict *dict, const dni_feature_pictures *pictures,
                                   dn_error *error);
dn_status dni_feature_pictures_add_place(dni_tensor_dict *dict, const dni_pictures_place *place,
                                         dn_error *error);
/* Which of the table's tensors has that name; DNI_PICTURES_TENSORS: none. */
dni_pictures_tensor dni_pictures_tensor_of(const char *name);

/* Puts the bytes of one of them: of these pictures, or of a file's own table, whose rows are others now; that
 * file has row_count. */
dn_status dni_feature_pictures_put(const dni_feature_pictures *pictures, dni_pictures_tensor which,
                                   const dni_feature_rows *rows, const dni_sink *to, dn_error *error);
dn_status dni_feature_pictures_put_place(const dni_safetensors *content, const dni_pictures_place *place,
                                         dni_pictures_tensor which, const dni_feature_rows *rows,
                                         size_t row_count, const dni_sink *to, dn_error *error);

/* Whether the table of the file says just that already. */
dn_status dni_feature_pictures_are_in(const dni_safetensors *content, const dni_feature_pictures *pictures,
                                      const dni_feature_rows *rows, bool *same, dn_error *error);

#endif
