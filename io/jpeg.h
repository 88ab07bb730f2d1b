/* JPEG by libjpeg-turbo, with the settings that give Pillow's pixels. */
#ifndef DN_IO_JPEG_H
#define DN_IO_JPEG_H

#include "io/image.h"

#include <stddef.h>

dn_status dni_jpeg_decode(dn_image *out, const unsigned char *bytes, size_t size, const char *name,
                          dn_error *error);

#endif
