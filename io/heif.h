/* SPDX-License-Identifier: MIT */
/* HEIC and AVIF by libheif, which no other file includes. */
#ifndef DN_IO_HEIF_H
#define DN_IO_HEIF_H

#include "io/image_format.h"

extern const dni_image_codec dni_heif_codec;

#endif
