/* SPDX-License-Identifier: MIT */
/* How much memory a weights file may make its reader take.
 *
 * A few kilobytes can unpack to megabytes, and each byte of those can stand for a record of many. So whatever
 * a reader is about to take for what a file describes, it takes from an allowance first, which is a multiple
 * of the file's size, far above what sound files need. The values of tensors are not among it: of these there
 * are as many as bytes in the file or, in a zip archive, bytes that its records unpack to, which have an
 * allowance of the same size. */
#ifndef DN_WEIGHTS_ALLOWANCE_H
#define DN_WEIGHTS_ALLOWANCE_H

#include "core/status.h"
#include "io/file.h"

#include <stddef.h>

/* The multiple of the file's size, and what is allowed beside it, in bytes. */
enum { DNI_ALLOWANCE_TIMES_FILE = 16, DNI_ALLOWANCE_BESIDE_FILE = 16 << 20 };

typedef struct dni_allowance {
    const char *path; /* for messages */
    size_t all, left; /* bytes */
} dni_allowance;

/* Of a file of that size. `path` must outlive it. */
dni_allowance dni_allowance_of(uint64_t file_size, const char *path);

/* `size` bytes of it; DN_ERR_CORRUPT when fewer are left. */
dn_status dni_allowance_take(dni_allowance *allowance, size_t size, dn_error *error);
/* For what was taken and freed again. */
void dni_allowance_give_back(dni_allowance *allowance, size_t size);

#endif
