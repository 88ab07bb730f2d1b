/* SPDX-License-Identifier: MIT */
/* What libzip reads from: a file of ours, on disk or in memory. */
#ifndef DN_WEIGHTS_ZIP_SOURCE_H
#define DN_WEIGHTS_ZIP_SOURCE_H

#include "io/file.h"

#include <zip.h>

typedef struct dni_zip_source {
    const dni_file *file; /* the caller's */
    uint64_t position;
    dn_error error;    /* of the first read that failed; status DN_OK: none did */
    zip_error_t state; /* libzip's view of it */
} dni_zip_source;

/* A source of libzip's over `source`, which has its file set and must outlive it; NULL, with *problem, out of
 * memory. */
zip_source_t *dni_zip_source_create(dni_zip_source *source, zip_error_t *problem);

#endif
