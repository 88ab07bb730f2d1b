/* SPDX-License-Identifier: MIT */
/* Encoding PNG by stb_image_write, which no other file includes. */
#ifndef DN_IO_PNG_H
#define DN_IO_PNG_H

#include "io/image.h"

#include <stddef.h>

/* Writes the picture to a file, by a temporary one that is renamed. Fails as dni_file_write() does. */
dn_status dni_png_write(const char *path, const dn_image *image, dn_error *error);

/* The bytes of such a file; *bytes is from malloc. DN_ERR_MEMORY. */
dn_status dni_png_encode(unsigned char **bytes, size_t *size, const dn_image *image, dn_error *error);

#endif
