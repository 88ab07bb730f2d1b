/* SPDX-License-Identifier: MIT */
/* Truncation checks for PNG and GIF, whose decoder (stb_image) accepts files that were cut off.
 *
 * Both fail with DN_ERR_IMAGE_TRUNCATED when the file ends early and with DN_ERR_IMAGE_CORRUPT when it is
 * broken inside; `name` begins every message. `bytes` begins with the format's signature. */
#ifndef DN_IO_TRUNCATION_H
#define DN_IO_TRUNCATION_H

#include "core/status.h"

#include <stddef.h>

/* Every chunk, up to the end chunk, must lie within the file and have the right checksum. */
dn_status dni_png_check(const unsigned char *bytes, size_t size, const char *name, dn_error *error);

typedef struct dni_gif_facts {
    size_t transparency; /* the position of the byte whose lowest bit declares one colour of the first frame
                          * transparent; 0 when there is no such byte */
    int frames;
} dni_gif_facts;

/* Every block, up to the trailer, must lie within the file, and the first frame must have as many coded
 * pixels as its width and height say. */
dn_status dni_gif_check(dni_gif_facts *out, const unsigned char *bytes, size_t size, const char *name,
                        dn_error *error);

#endif
