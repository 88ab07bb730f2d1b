/* SPDX-License-Identifier: MIT */
/* JPEG by libjpeg-turbo, with the settings that give Pillow's pixels. */
#ifndef DN_IO_JPEG_H
#define DN_IO_JPEG_H

#include "io/image_format.h"

#include <stddef.h>

/* Decodes files whose compressed data are all there; warnings about header fields are ignored. */
extern const dni_image_codec dni_jpeg_codec;

typedef enum dni_chroma {
    DNI_CHROMA_420, /* halved in both directions, as most programs write JPEG */
    DNI_CHROMA_444, /* as fine as luma */
} dni_chroma;

/* Encodes as a baseline file of that quality, 1 to 100, in YCbCr and without metadata. *bytes is from malloc.
 * DN_ERR_IMAGE_UNSUPPORTED when a side is longer than JPEG's limit of 65500 pixels. */
dn_status dni_jpeg_encode(unsigned char **bytes, size_t *size, const dn_image *image, int quality,
                          dni_chroma chroma, dn_error *error);

#endif
