/* SPDX-License-Identifier: MIT */
/* NumPy's .npy files, of a single array each (numpy.lib.format): the header of versions 1.0 to 3.0 read, of
 * version 1.0 written. Arrays of Python objects, which only a pickle describes, are refused. */
#ifndef DN_IO_NPY_H
#define DN_IO_NPY_H

#include "core/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- writing ---- */

/* As long as numpy.save() makes it: a multiple of 64, so that numpy.load() can map the numbers behind it. */
enum { DNI_NPY_HEADER = 128 };

/* The header of a (rows, columns) array of little-endian float32 in C order; its bytes follow. */
void dni_npy_header(char out[DNI_NPY_HEADER], uint64_t rows, uint64_t columns);

/* ---- reading ---- */

enum { DNI_NPY_MAX_RANK = 8 };

typedef struct dni_npy {
    const char *name; /* the caller's, for messages */
    char kind;        /* as NumPy has them: 'f', 'i', 'u', 'b' numbers, 'U' Unicode text, 'S' bytes */
    size_t width;     /* bytes of an element */
    bool is_fortran;  /* the first index runs fastest */
    int rank;
    int64_t shape[DNI_NPY_MAX_RANK];
    int64_t count;               /* of elements */
    const unsigned char *values; /* the first of them, perhaps not aligned; in the caller's bytes */
} dni_npy;

/* Reads the header of a whole .npy, whose bytes must outlive *out. DN_ERR_UNSAFE: Python objects;
 * DN_ERR_UNSUPPORTED: another type than those above, or big-endian numbers. */
dn_status dni_npy_parse(dni_npy *out, const unsigned char *bytes, size_t size, const char *name,
                        dn_error *error);

/* All elements of an array of numbers, in C order. Whole numbers beyond 2^53 are rounded.
 * DN_ERR_TENSOR_DTYPE: they are no numbers. */
dn_status dni_npy_doubles(const dni_npy *array, double *out, dn_error *error);

/* Element i of an array of one dimension as text, in UTF-8, from malloc: of whole numbers their digits, of
 * text the text. DN_ERR_TENSOR_DTYPE: it is neither. */
dn_status dni_npy_text(const dni_npy *array, int64_t i, char **out, dn_error *error);

/* "(1, 20)" into text; always terminated. Returns text. */
const char *dni_npy_shape_text(const dni_npy *array, char *text, size_t size);

#endif
