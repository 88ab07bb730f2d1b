/* SPDX-License-Identifier: MIT */
/* The bytes of a picture file, in memory or still in the file, for readers of headers who go from part
 * to part and need few of them. */
#ifndef DN_IO_IMAGE_SOURCE_H
#define DN_IO_IMAGE_SOURCE_H

#include "core/status.h"
#include "io/file.h"

#include <stddef.h>
#include <stdint.h>

typedef struct dni_image_source {
    const char *name; /* begins every message */
    uint64_t size;
    const unsigned char *bytes; /* the first `held` of them */
    size_t held;
    const dni_file *file;  /* NULL: all are held */
    unsigned char *memory; /* that `bytes` is, of a file */
    dn_error *refused;     /* where the first read that the machine refused is kept; NULL: nowhere */
} dni_image_source;

/* Bytes and file must outlive the source. */
dni_image_source dni_image_source_of_bytes(const unsigned char *bytes, size_t size, const char *name);
dni_image_source dni_image_source_of_file(const dni_file *file, const char *name);
void dni_image_source_free(dni_image_source *self);

/* Makes the first `count` bytes be held, or all where there are fewer. DN_ERR_MEMORY, DN_ERR_IO. */
dn_status dni_image_source_hold(dni_image_source *self, uint64_t count, dn_error *error);
/* Copies; DN_ERR_IMAGE_TRUNCATED where the file has no such bytes. */
dn_status dni_image_source_read(const dni_image_source *self, void *out, size_t size, uint64_t at,
                                dn_error *error);

#endif
