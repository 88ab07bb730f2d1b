/* SPDX-License-Identifier: MIT */
/* What the headers of a JPEG file say about how it was made. Nothing is decoded for it. */
#ifndef DN_IO_JPEG_FACTS_H
#define DN_IO_JPEG_FACTS_H

#include <stdbool.h>
#include <stddef.h>

typedef struct dni_jpeg_facts {
    int width, height;
    int components; /* 1: grey, 3: colour, 4: CMYK */
    bool is_progressive;
    int quality; /* 1..100 on libjpeg's scale: the nearest of its standard luminance tables; 0: no table */
    bool is_standard; /* the luminance table is exactly libjpeg's for `quality` */
    int chroma_x,
        chroma_y; /* how many pixels share a chroma sample along each axis; 4:2:0 is 2, 2; grey 0, 0 */
    bool has_exif, has_icc, has_xmp;
    int orientation;   /* EXIF's, 1..8; 0: none given */
    bool has_camera;   /* EXIF names a make or a model */
    bool has_software; /* EXIF names a program */
    bool has_scan;     /* the walk came to the first scan, so that no segment is missing */
} dni_jpeg_facts;

/* Reads the segments up to the first scan. False, with *out cleared but for has_scan, when this is no
 * JPEG file, or it ends or is broken before its frame header. Of broken EXIF only has_exif is set. */
bool dni_jpeg_facts_read(dni_jpeg_facts *out, const unsigned char *bytes, size_t size);

#endif
