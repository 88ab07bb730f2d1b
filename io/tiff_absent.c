/* SPDX-License-Identifier: MIT */
/* TIFF in a library that was built without libtiff. */
#include "io/tiff.h"

const dni_image_codec dni_tiff_codec = {.library = "libtiff 4.5 or later"};
