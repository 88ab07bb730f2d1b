/* SPDX-License-Identifier: MIT */
/* TIFF by libtiff: pixels as Pillow's. */
#ifndef DN_IO_TIFF_H
#define DN_IO_TIFF_H

#include "io/image_format.h"

extern const dni_image_codec dni_tiff_codec;

#endif
