/* The one door to stb_image and stb_image_resize. */
#ifndef DN_IO_STB_H
#define DN_IO_STB_H

#include "io/image.h"

#include <stdbool.h>
#include <stddef.h>

/* Decodes PNG, GIF (its first frame), BMP, TGA, PSD, PIC and binary PNM. Refuses a file as truncated as soon
 * as the decoder asks for a byte behind its end: stb_image itself takes those bytes for zeros. */
dn_status dni_stb_decode(dn_image *out, const unsigned char *bytes, size_t size, const char *name,
                         dn_error *error);

/* A window of a picture resized to full_width x full_height by the triangle filter that is widened when
 * shrinking; edges are clamped and values taken as they are, without gamma. Values are rounded to 8 bits once or,
 * in pictures that shrink to less than half, after the columns and after the rows. Only the window is computed; it
 * equals the same window of the whole. False when out of memory. */
typedef struct dni_window {
    int left, top, width, height;
} dni_window;

bool dni_stb_resize(const dn_image *image, int full_width, int full_height, const dni_window *window,
                    uint8_t *out, int out_row_bytes);

#endif
