/* Pictures inside a page. */
#ifndef FTRAIN_PAGE_THUMBNAIL_H
#define FTRAIN_PAGE_THUMBNAIL_H

#include "ftrain/page/html.h"
#include "io/image.h"

/* out: the picture, its longer side at most `size` pixels. */
dn_status thumbnail_shrink(dn_image *out, const dn_image *image, int size, dn_error *error);

/* The picture, that small, as an <img> that holds its own JPEG. `alt` is any text. */
dn_status thumbnail_write(html *page, const dn_image *image, int size, const char *alt, dn_error *error);

#endif
