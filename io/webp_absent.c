/* SPDX-License-Identifier: MIT */
/* WebP in a library that was built without libwebp. */
#include "io/webp.h"

const dni_image_codec dni_webp_codec = {.library = "libwebp"};
