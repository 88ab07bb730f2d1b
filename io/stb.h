/* SPDX-License-Identifier: MIT */
/* Decoding by stb_image, which no other file includes. */
#ifndef DN_IO_STB_H
#define DN_IO_STB_H

#include "io/image.h"
#include "io/image_header.h"

#include <stddef.h>

/* Decodes PNG, GIF (its first frame), BMP, TGA, PSD and PIC. `header` is what dni_image_header_read()
 * found in the same bytes. Fails with DN_ERR_IMAGE_TRUNCATED as soon as the decoder asks for a byte after the
 * file's end, for which stb_image itself takes zeros, and else as dn_image_load() does. No block of memory is
 * larger than 20 bytes a pixel, twice the file and 64 KB together. `name` begins every message. */
dn_status dni_stb_decode(dn_image *out, const dni_image_header *header, const unsigned char *bytes,
                         size_t size, const char *name, dn_error *error);

#endif
