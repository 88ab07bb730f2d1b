/* Pictures inside a page. */
#ifndef FTRAIN_PAGE_THUMBNAIL_H
#define FTRAIN_PAGE_THUMBNAIL_H

#include "ftrain/page/html.h"
#include "io/image.h"

/* out: the picture, made smaller where its longer side has more than `size` pixels. */
dn_status thumbnail_shrink(dn_image *out, const dn_image *image, int size, dn_error *error);

/* The picture at that size, as an <img> element that holds its own JPEG data. `alt` is any text. */
dn_status thumbnail_write(html *page, const dn_image *image, int size, const char *alt, dn_error *error);

#endif
