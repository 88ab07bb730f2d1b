/* Whether a picture file is there to its end, where the decoder alone would not notice. */
#ifndef DN_IO_TRUNCATION_H
#define DN_IO_TRUNCATION_H

#include "core/status.h"

#include <stddef.h>

/* PNG: every chunk within the file and with the right checksum, up to the end chunk. */
dn_status dni_png_check(const unsigned char *bytes, size_t size, const char *name, dn_error *error);

/* GIF: every block within the file, up to the trailer, and as many coded pixels in the first frame as its
 * size asks for. *transparency is where the byte of flags stands whose lowest bit makes one colour of the first
 * frame transparent; 0 when there is none. */
dn_status dni_gif_check(const unsigned char *bytes, size_t size, size_t *transparency, const char *name,
                        dn_error *error);

#endif
