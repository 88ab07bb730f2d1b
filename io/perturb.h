/* SPDX-License-Identifier: MIT */
/* Perturbations: what happens to pictures as they are passed on. They are compressed again, blurred, shrunk
 * and enlarged, cropped, or lose their colour. Each call makes a new picture, to be freed with
 * dn_image_free(), and leaves the given one alone; on failure *out is cleared. The result depends on the
 * picture and the amount alone. */
#ifndef DN_IO_PERTURB_H
#define DN_IO_PERTURB_H

#include "io/image.h"

/* Compresses to JPEG of that quality, 1 to 100 (baseline, chroma halved in both directions), and decodes
 * again: the pixels are those of a file by Pillow's save(quality=...). DN_ERR_IMAGE_UNSUPPORTED when a side
 * is longer than 65500 pixels. */
dn_status dni_perturb_jpeg(dn_image *out, const dn_image *image, int quality, dn_error *error);

/* Gaussian blur with a standard deviation of `sigma` > 0 pixels. The kernel ends at 4 sigma; at the edges the
 * outermost pixels are repeated. */
dn_status dni_perturb_blur(dn_image *out, const dn_image *image, double sigma, dn_error *error);

/* Shrinks both sides by `factor`, 0 < factor <= 1, and enlarges to the former size again, both with the
 * triangle filter of preprocessing. */
dn_status dni_perturb_resize(dn_image *out, const dn_image *image, double factor, dn_error *error);

/* Cuts out the middle: 1 / `factor` of the width and of the height, factor >= 1. */
dn_status dni_perturb_zoom(dn_image *out, const dn_image *image, double factor, dn_error *error);

/* Removes the colour: three channels that all hold the luma by ITU-R BT.601, as Pillow's convert('L') has it.
 */
dn_status dni_perturb_grey(dn_image *out, const dn_image *image, dn_error *error);

#endif
