/* What the header of a picture file says about its size, for the formats that stb_image decodes. */
#ifndef DN_IO_IMAGE_HEADER_H
#define DN_IO_IMAGE_HEADER_H

#include "core/status.h"

#include <stddef.h>

typedef enum dni_image_format {
    DNI_FORMAT_PNG,
    DNI_FORMAT_GIF,
    DNI_FORMAT_BMP,
    DNI_FORMAT_TGA,
    DNI_FORMAT_PSD,
    DNI_FORMAT_PIC,
    DNI_FORMAT_PNM,
} dni_image_format;

typedef struct dni_image_header {
    dni_image_format format;
    int width, height; /* pixels */
} dni_image_header;

/* Reads the size and checks it before anything is allocated. `bytes` holds the `size` bytes of a file of that
 * format; `name` begins every message. Fails with
 *   DN_ERR_IMAGE_TRUNCATED    the file ends inside its header, or is too short for so many pixels, however
 *                             well they are compressed
 *   DN_ERR_IMAGE_TOO_LARGE    more than DN_IMAGE_MAX_PIXELS pixels
 *   DN_ERR_IMAGE_UNSUPPORTED  a variant of the format for which there is no decoder
 *   DN_ERR_IMAGE_CORRUPT      no pixels at all, or not this format's header */
dn_status dni_image_header_read(dni_image_header *out, dni_image_format format, const unsigned char *bytes,
                                size_t size, const char *name, dn_error *error);

/* DN_ERR_IMAGE_CORRUPT unless both sides are at least 1; DN_ERR_IMAGE_TOO_LARGE when they make more than
 * DN_IMAGE_MAX_PIXELS pixels. */
dn_status dni_image_size_check(long long width, long long height, const char *name, dn_error *error);

/* Always DN_ERR_IMAGE_UNSUPPORTED: "NAME: KIND is not supported". `kind` is a format string for what follows
 * it. */
dn_status dni_image_unsupported(const char *name, dn_error *error, const char *kind, ...)
    __attribute__((format(printf, 3, 4)));

#endif
