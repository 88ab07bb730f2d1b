/* SPDX-License-Identifier: MIT */
/* PNM: binary grey (P5) and colour (P6), with samples of 8 and of 16 bits. */
#ifndef DN_IO_PNM_H
#define DN_IO_PNM_H

#include "io/image_format.h"

extern const dni_image_codec dni_pnm_codec;

#endif
