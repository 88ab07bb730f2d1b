/* SPDX-License-Identifier: MIT */
/* HEIC and AVIF in a library that was built without libheif. */
#include "io/heif.h"

const dni_image_codec dni_heif_codec = {.library = "libheif"};
