/* SPDX-License-Identifier: MIT */
/* Resizing by stb_image_resize. */
#ifndef DN_IO_STB_RESIZE_H
#define DN_IO_STB_RESIZE_H

#include "io/image.h"

#include <stdbool.h>

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
