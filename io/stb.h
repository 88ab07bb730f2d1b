/* SPDX-License-Identifier: MIT */
/* Decoding and resizing by stb_image and stb_image_resize, which no other file includes. */
#ifndef DN_IO_STB_H
#define DN_IO_STB_H

#include "io/image.h"
#include "io/image_header.h"

#include <stdbool.h>
#include <stddef.h>

/* Decodes PNG, GIF (its first frame), BMP, TGA, PSD and PIC. `header` is what dni_image_header_read()
 * found in the same bytes. Fails with DN_ERR_IMAGE_TRUNCATED as soon as the decoder asks for a byte after the
 * file's end, for which stb_image itself takes zeros, and else as dn_image_load() does. No block of memory is
 * larger than 20 bytes a pixel, twice the file and 64 KB together. `name` begins every message. */
dn_status dni_stb_decode(dn_image *out, const dni_image_header *header, const unsigned char *bytes,
                         size_t size, const char *name, dn_error *error);

/* A window of the picture that resizing `image` to full_width x full_height pixels gives. */
typedef struct dni_window {
    int left, top, width, height;
} dni_window;

/* Computes the window alone, into rows of out_row_bytes bytes; it equals the same window of the whole. The
 * filter is a triangle, widened when shrinking (antialiasing). Pixels at the edges are repeated beyond them,
 * and values are taken as they are, without gamma. They are rounded to 8 bits once; when shrinking below one
 * half, twice: after the vertical and after the horizontal pass. False when out of memory. */
bool dni_stb_resize(const dn_image *image, int full_width, int full_height, const dni_window *window,
                    uint8_t *out, int out_row_bytes);

#endif
