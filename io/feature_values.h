/* SPDX-License-Identifier: MIT */
/* The feature vectors in a feature store's file, read by row.
 *
 * They are read into the caller's memory, not mapped: pages of a map would count as memory of the process,
 * and a file that is cut by somebody else would end it. Vectors that are kept as BF16 are widened on the
 * way. */
#ifndef DN_IO_FEATURE_VALUES_H
#define DN_IO_FEATURE_VALUES_H

#include "io/safetensors.h"

#include <stddef.h>
#include <stdint.h>

typedef struct dni_feature_values {
    dni_file file;
    char *kept_path; /* of what was kept, the file's */
    uint64_t offset; /* of row 0 */
    size_t count;    /* rows; no more than UINT32_MAX */
    size_t features; /* numbers of a row */
    dni_dtype dtype; /* DNI_F32 or DNI_BF16 */
} dni_feature_values;

/* Finds tensor "features", (count, features) of F32 or BF16, in an open file and checks it. They can be read
 * as long as `content` is open. */
dn_status dni_feature_values_find(dni_feature_values *out, const dni_safetensors *content, dn_error *error);

/* The same with a descriptor and a path of its own, until dni_feature_values_close(): it goes on showing the
 * file that was open, even if another has taken its name since. On failure there is nothing to close. */
dn_status dni_feature_values_keep(dni_feature_values *out, const dni_feature_values *from, dn_error *error);
/* Of what was kept, or is all zero. */
void dni_feature_values_close(dni_feature_values *kept);

/* Rows rows[0 .. count - 1], in that order, into out (count, features). Neighbours in the file that follow
 * one another in `rows` are read at once. DN_ERR_ARGUMENT where there is no such row; DN_ERR_IO where
 * somebody has cut the file. Any number of threads. */
dn_status dni_feature_values_read(const dni_feature_values *values, const uint32_t *rows, size_t count,
                                  float *out, dn_error *error);

/* The same of the rows first .. first + count - 1, which must be there, as the file has them. */
dn_status dni_feature_values_read_kept(const dni_feature_values *values, size_t first, size_t count,
                                       void *out, dn_error *error);

/* Widens in place: `count` BF16 numbers in the second half of `out` to as many floats. */
void dni_feature_values_widen(float *out, size_t count);

/* Bytes of a row in the file. */
size_t dni_feature_values_row_bytes(const dni_feature_values *values);

#endif
