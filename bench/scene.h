/* SPDX-License-Identifier: MIT */
/* Pictures made by the bench itself: seeded, smooth and grainy like a photograph, so that a JPEG of one takes
 * about as long to decode as one of a camera. */
#ifndef BENCH_SCENE_H
#define BENCH_SCENE_H

#include "io/image.h"

/* A picture of size x size pixels; freed with dn_image_free(). */
dn_status bench_scene(dn_image *out, int size, uint64_t seed, dn_error *error);

/* Writes it as JPEG, quality 90, colour at half resolution: what cameras do. */
dn_status bench_scene_write(const dn_image *scene, const char *path, dn_error *error);

#endif
