/* SPDX-License-Identifier: MIT */
/* Pictures turned upright, where preprocessing asks for it. */
#ifndef DN_IO_ORIENTATION_H
#define DN_IO_ORIENTATION_H

#include "io/image.h"

/* dn_image_load(), and dn_image_turn_upright() where the preprocessing asks for that: the picture as whoever
 * looks at it beside its input has to see it. */
dn_status dni_image_load_as(dn_image *out, const char *path, const dn_preprocessing *preprocessing,
                            dn_error *error);
/* The second half of that, for a picture that is decoded already; on failure *image is freed. */
dn_status dni_image_turn_as(dn_image *image, const char *path, const dn_preprocessing *preprocessing,
                            dn_error *error);

#endif
