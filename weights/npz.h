/* SPDX-License-Identifier: MIT */
/* NumPy's .npz: a zip archive of arrays, NAME.npy each. */
#ifndef DN_WEIGHTS_NPZ_H
#define DN_WEIGHTS_NPZ_H

#include "io/npy.h"
#include "weights/zip_archive.h"

typedef struct dni_npz {
    dni_zip_archive zip;
} dni_npz;

/* Whether the file is a zip archive whose first record is called so. */
dn_status dni_npz_begins(bool *out, const dni_file *file, dn_error *error);

/* The file must outlive *out, which dni_npz_close() ends also after a failure. */
dn_status dni_npz_open(dni_npz *out, const dni_file *file, dn_error *error);
void dni_npz_close(dni_npz *npz);

/* An array, and the memory that it lies in. */
typedef struct dni_npz_array {
    char *name; /* "head.npz: array 'coef_'" */
    unsigned char *bytes;
    dni_npy npy;
} dni_npz_array;

/* Reads the array of that name; *found is false, and *out empty, where there is none. To be freed after a
 * failure, too. */
dn_status dni_npz_load(dni_npz *npz, const char *name, bool *found, dni_npz_array *out, dn_error *error);
void dni_npz_array_free(dni_npz_array *array);

#endif
