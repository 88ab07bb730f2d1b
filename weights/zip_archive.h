/* SPDX-License-Identifier: MIT */
/* A zip archive's records, whole, by libzip, which also checks their CRC. Sizes are known before memory is
 * taken: all records together may unpack to an allowance (weights/allowance.h), far above what numbers
 * compress to. */
#ifndef DN_WEIGHTS_ZIP_ARCHIVE_H
#define DN_WEIGHTS_ZIP_ARCHIVE_H

#include "weights/allowance.h"
#include "weights/zip_source.h"

#include <stdbool.h>

typedef struct dni_zip_archive {
    zip_t *zip;
    dni_zip_source source;
    const char *path;
    dni_allowance unpacked; /* bytes that may still be unpacked */
} dni_zip_archive;

bool dni_zip_begins(const unsigned char *first_bytes, size_t size);

/* Whether libzip, or zlib below it, had too little memory for the call that failed. Of some allocations that
 * fail libzip says nothing, and of others something else: that a file is no archive, where it had no room to
 * look for the directory. So whoever asks this has set errno to 0 before the call, and malloc() has changed
 * it. */
bool dni_zip_lacked_memory(const zip_error_t *problem);

/* The file must outlive the archive, which dni_zip_archive_close() ends also after a failure. */
dn_status dni_zip_archive_open(dni_zip_archive *out, const dni_file *file, dn_error *error);
void dni_zip_archive_close(dni_zip_archive *archive);

/* The name of record `index`; NULL where it has none that can be told. */
dn_status dni_zip_archive_name(const dni_zip_archive *archive, zip_int64_t index, const char **name,
                               dn_error *error);
/* Into *index: that of the record of this name, or -1. */
dn_status dni_zip_archive_find(const dni_zip_archive *archive, const char *name, zip_int64_t *index,
                               dn_error *error);
/* The size of record `index`, which is called `name` in messages; an index of -1 is a record that is
 * missing. */
dn_status dni_zip_archive_size(dni_zip_archive *archive, zip_int64_t index, const char *name, size_t *size,
                               dn_error *error);
/* All of that record; dni_zip_archive_size() said how much. */
dn_status dni_zip_archive_unpack(dni_zip_archive *archive, zip_int64_t index, const char *name, void *out,
                                 size_t size, dn_error *error);

#endif
