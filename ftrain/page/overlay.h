/* SPDX-License-Identifier: MIT */
/* A map of evidence drawn over its picture. */
#ifndef FTRAIN_PAGE_OVERLAY_H
#define FTRAIN_PAGE_OVERLAY_H

#include "ftrain/page/html.h"
#include "io/image.h"

typedef struct overlay_options {
    float opacity; /* of the colour where the evidence is strongest: 0 to 1 */
    int size;      /* the longer side of the result is at most so many pixels */
    /* axes of an ellipse to outline, shares of the crop; 0: none */
    float ellipse_width, ellipse_height;
} overlay_options;

/* out: the picture, made smaller where it is larger than wanted, with what the network did not see
 * darkened and the evidence (height, width) over the rest, scaled to its own maximum: from dark red to
 * pale yellow, brighter as it grows, so that it reads without colour, too. */
dn_status overlay_draw(dn_image *out, const dn_image *image, const dn_preprocessing *preprocessing,
                       const float *evidence, int height, int width, const overlay_options *options,
                       dn_error *error);

/* The colours of such drawings, from no evidence to most, over grey, with what else is drawn. */
void overlay_write_key(html *page, const overlay_options *options);

#endif
