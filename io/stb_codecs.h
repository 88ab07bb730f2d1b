/* SPDX-License-Identifier: MIT */
/* The formats that stb_image decodes: their heads, and the checks that it leaves out. */
#ifndef DN_IO_STB_CODECS_H
#define DN_IO_STB_CODECS_H

#include "io/image_format.h"

extern const dni_image_codec dni_png_codec;
extern const dni_image_codec dni_gif_codec;
extern const dni_image_codec dni_bmp_codec;
extern const dni_image_codec dni_tga_codec;
extern const dni_image_codec dni_psd_codec;
extern const dni_image_codec dni_pic_codec;

#endif
