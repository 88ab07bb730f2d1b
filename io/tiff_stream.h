/* SPDX-License-Identifier: MIT */
/* A TIFF file as libtiff reads it: out of an image source, with complaints kept beside it. libtiff
 * reports through handlers of the open file, never through those of the process. */
#ifndef DN_IO_TIFF_STREAM_H
#define DN_IO_TIFF_STREAM_H

#include "io/image_source.h"

#include <stdbool.h>
#include <stdint.h>

#include <tiffio.h>

/* Begins with its source alone. */
typedef struct dni_tiff_stream {
    dni_image_source *source;
    uint64_t position;
    bool has_overrun; /* bytes behind the file's end were asked for */
    bool is_strict;   /* warnings are complaints, too: libtiff goes on after much damage with a warning */
    char reason[160]; /* the first complaint; empty: none */
} dni_tiff_stream;

/* Opens the file and reads its first page's head. No block of memory that libtiff then asks for is
 * larger than `largest` bytes. NULL: it could not be opened. */
TIFF *dni_tiff_open(dni_tiff_stream *self, uint64_t largest);

/* The largest block that the tables of places and lengths of a sound file need: an entry of 2 bytes
 * takes 8 in memory. */
uint64_t dni_tiff_tables(const dni_image_source *source);

/* The status and the words for what libtiff complained of. */
dn_status dni_tiff_explain(const dni_tiff_stream *self, dn_error *error);

#endif
