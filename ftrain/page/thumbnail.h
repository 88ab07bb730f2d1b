/* SPDX-License-Identifier: MIT */
/* Pictures inside a page. */
#ifndef FTRAIN_PAGE_THUMBNAIL_H
#define FTRAIN_PAGE_THUMBNAIL_H

#include "ftrain/page/html.h"
#include "io/image.h"

/* out: the picture, made smaller where its longer side has more than `size` pixels. */
dn_status thumbnail_shrink(dn_image *out, const dn_image *image, int size, dn_error *error);

/* A picture of at most that size, encoded as JPEG: what takes the time, and may be done on any thread. */
typedef struct thumbnail {
    unsigned char *jpeg; /* NULL: there is none */
    size_t bytes;
    int width, height;
} thumbnail;

/* Either way thumbnail_free() is to follow. */
dn_status thumbnail_make(thumbnail *out, const dn_image *image, int size, dn_error *error);
/* As an <img> element that holds its own JPEG data, which the browser decodes when it is scrolled to. `alt`
 * is any text. */
void thumbnail_put(html *page, const thumbnail *picture, const char *alt);
void thumbnail_free(thumbnail *picture); /* also a cleared one */

/* All three. */
dn_status thumbnail_write(html *page, const dn_image *image, int size, const char *alt, dn_error *error);

#endif
