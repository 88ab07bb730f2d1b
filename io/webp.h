/* SPDX-License-Identifier: MIT */
/* WebP by libwebp, which no other file includes: pixels as Pillow's. */
#ifndef DN_IO_WEBP_H
#define DN_IO_WEBP_H

#include "io/image_format.h"

extern const dni_image_codec dni_webp_codec;

#endif
