/* SPDX-License-Identifier: MIT */
/* EXIF (Exif 2.32): the few tags of its first folder that matter here. */
#ifndef DN_IO_EXIF_H
#define DN_IO_EXIF_H

#include <stdbool.h>
#include <stddef.h>

typedef struct dni_exif {
    int orientation;   /* 1..8; 0: none given */
    bool has_camera;   /* a make or a model is named */
    bool has_software; /* a program is named */
} dni_exif;

/* Reads a block of EXIF, which a JPEG's APP1 segment has behind "Exif\0\0" and a PNG's eXIf chunk as a whole:
 * a TIFF header of either byte order and its first folder. Where the block is broken, what stands before
 * that counts. */
void dni_exif_read(dni_exif *out, const unsigned char *bytes, size_t size);

#endif
