/* SPDX-License-Identifier: MIT */
/* What the header of a picture file says about its size, for the formats that stb_image decodes. */
#ifndef DN_IO_IMAGE_HEADER_H
#define DN_IO_IMAGE_HEADER_H

#include "core/status.h"

#include <stddef.h>

/* The formats that stb_image decodes. */
typedef enum dni_stb_format {
    DNI_STB_PNG,
    DNI_STB_GIF,
    DNI_STB_BMP,
    DNI_STB_TGA,
    DNI_STB_PSD,
    DNI_STB_PIC,
} dni_stb_format;

typedef struct dni_image_header {
    dni_stb_format format;
    int width, height;          /* pixels, at least 1 */
    double least_bytes_a_pixel; /* of the whole file; 0 where there is no such bound */
} dni_image_header;

/* Reads the size. `bytes` holds the first `size` bytes of a file of that format; `name` begins every message.
 * Fails with
 *   DN_ERR_IMAGE_TRUNCATED    the file ends inside its header
 *   DN_ERR_IMAGE_UNSUPPORTED  a variant of the format for which there is no decoder
 *   DN_ERR_IMAGE_CORRUPT      no pixels at all, or not this format's header */
dn_status dni_image_header_read(dni_image_header *out, dni_stb_format format, const unsigned char *bytes,
                                size_t size, const char *name, dn_error *error);

/* Checks a header before anything is allocated: DN_ERR_IMAGE_TOO_LARGE, as dni_image_size_check(), or
 * DN_ERR_IMAGE_TRUNCATED for a file of `size` bytes that is too short for so many pixels, however well they
 * are compressed. */
dn_status dni_image_header_check(const dni_image_header *header, size_t size, const char *name,
                                 dn_error *error);

/* Two sides as numbers of pixels: DN_ERR_IMAGE_CORRUPT unless both are at least 1,
 * DN_ERR_IMAGE_TOO_LARGE where an int cannot hold them. */
dn_status dni_image_sides_check(long long width, long long height, const char *name, dn_error *error);
/* Beside that, DN_ERR_IMAGE_TOO_LARGE when they make more than DN_IMAGE_MAX_PIXELS pixels. */
dn_status dni_image_size_check(long long width, long long height, const char *name, dn_error *error);

/* Asks the system beforehand for what a library takes, so many bytes always and some for each pixel:
 * DN_ERR_MEMORY. For libraries that end the process, or take a file for broken, where they get no memory. */
dn_status dni_image_room_check(int width, int height, size_t always, const char *name, dn_error *error);

/* Always DN_ERR_IMAGE_UNSUPPORTED: "NAME: KIND is not supported". `kind` is a format string for what follows
 * it. */
dn_status dni_image_unsupported(const char *name, dn_error *error, const char *kind, ...)
    __attribute__((format(printf, 3, 4)));

#endif
