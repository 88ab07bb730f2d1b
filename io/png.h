/* The one door to stb_image_write. */
#ifndef DN_IO_PNG_H
#define DN_IO_PNG_H

#include "io/image.h"

/* Writes the picture as PNG, atomically. */
dn_status dni_png_write(const char *path, const dn_image *image, dn_error *error);

#endif
