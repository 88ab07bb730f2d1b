/* Pictures as they come out of the world's hands: compressed again, blurred, shrunk and enlarged, cut, without
 * colour. One picture in, a new one out; on failure *out is cleared. What a picture is like afterwards does not
 * depend on anything but the picture and the amount. */
#ifndef DN_IO_PERTURB_H
#define DN_IO_PERTURB_H

#include "io/image.h"

/* Through a JPEG file of that quality, 1 to 100, and back: baseline, chroma halved in both directions, and the
 * pixels that Pillow's save(quality=...) gives. DN_ERR_IMAGE_UNSUPPORTED: longer than 65500 pixels. */
dn_status dni_perturb_jpeg(dn_image *out, const dn_image *image, int quality, dn_error *error);

/* Gaussian blur of standard deviation `sigma` > 0, pixels; cut off at 4 sigma, edges continued by their last
 * pixel. */
dn_status dni_perturb_blur(dn_image *out, const dn_image *image, double sigma, dn_error *error);

/* Shrunk to `factor`, 0 < factor <= 1, and back to the former size, by the triangle filter of preprocessing. */
dn_status dni_perturb_resize(dn_image *out, const dn_image *image, double factor, dn_error *error);

/* The middle, 1 / `factor` of width and height, factor >= 1. */
dn_status dni_perturb_zoom(dn_image *out, const dn_image *image, double factor, dn_error *error);

/* Three equal channels: luma by ITU-R BT.601, as Pillow's convert('L'). */
dn_status dni_perturb_grey(dn_image *out, const dn_image *image, dn_error *error);

#endif
