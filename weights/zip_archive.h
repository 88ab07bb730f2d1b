/* SPDX-License-Identifier: MIT */
/* A zip archive's records, whole, by libzip, which also checks their CRC. Sizes are known before memory is
 * taken: all records together may unpack to a fixed multiple of the file's size, far above what numbers
 * compress to. */
#ifndef DN_WEIGHTS_ZIP_ARCHIVE_H
#define DN_WEIGHTS_ZIP_ARCHIVE_H

#include "weights/zip_source.h"

#include <stdbool.h>

typedef struct dni_zip_archive {
    zip_t *zip;
    dni_zip_source source;
    const char *path;
    size_t budget; /* bytes that may still be unpacked */
} dni_zip_archive;

bool dni_zip_begins(const unsigned char *first_bytes, size_t size);

/* The file must outlive the archive, which dni_zip_archive_close() ends also after a failure. */
dn_status dni_zip_archive_open(dni_zip_archive *out, const dni_file *file, dn_error *error);
void dni_zip_archive_close(dni_zip_archive *archive);

/* The size of record `index`, which is called `name` in messages; an index of -1 is a record that is
 * missing. */
dn_status dni_zip_archive_size(dni_zip_archive *archive, zip_int64_t index, const char *name, size_t *size,
                               dn_error *error);
/* All of that record; dni_zip_archive_size() said how much. */
dn_status dni_zip_archive_unpack(dni_zip_archive *archive, zip_int64_t index, const char *name, void *out,
                                 size_t size, dn_error *error);

#endif
