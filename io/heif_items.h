/* SPDX-License-Identifier: MIT */
/* The items of a HEIC or AVIF file, as far as it takes to know how large their coded pictures are. */
#ifndef DN_IO_HEIF_ITEMS_H
#define DN_IO_HEIF_ITEMS_H

#include "io/heif_boxes.h"

/* The most pixels that a coded picture of the file announces, in its decoder's configuration or in its
 * data; all bytes of the source are held. What libheif would refuse is passed over. DN_ERR_MEMORY;
 * DN_ERR_IMAGE_CORRUPT where items share their data many times over. */
dn_status dni_heif_coded_pixels(uint64_t *out, const dni_heif_boxes *boxes, const dni_image_source *source,
                                dn_error *error);

#endif
