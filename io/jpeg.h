/* JPEG by libjpeg-turbo, with the settings that give Pillow's pixels. */
#ifndef DN_IO_JPEG_H
#define DN_IO_JPEG_H

#include "io/image.h"

#include <stddef.h>

dn_status dni_jpeg_decode(dn_image *out, const unsigned char *bytes, size_t size, const char *name,
                          dn_error *error);

/* A baseline file of that quality, 1 to 100, with chroma halved in both directions; *bytes from malloc. JPEG
 * knows no side above 65500 pixels: DN_ERR_IMAGE_UNSUPPORTED. */
dn_status dni_jpeg_encode(unsigned char **bytes, size_t *size, const dn_image *image, int quality,
                          dn_error *error);

#endif
