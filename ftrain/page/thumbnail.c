/* SPDX-License-Identifier: MIT */
/* A picture made smaller, encoded as JPEG, and written as a data: address. */
#include "ftrain/page/thumbnail.h"

#include "core/error.h"
#include "ftrain/page/data_address.h"
#include "io/jpeg.h"
#include "io/stb_resize.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { QUALITY = 75 };

dn_status thumbnail_shrink(dn_image *out, const dn_image *image, int size, dn_error *error) {
    const int longer = image->width > image->height ? image->width : image->height;
    const double scale = longer > size ? (double)size / longer : 1;
    out->width = (int)fmax(1, round(scale * image->width));
    out->height = (int)fmax(1, round(scale * image->height));
    const size_t bytes = 3 * (size_t)out->width * (size_t)out->height;
    out->rgb = malloc(bytes);
    int done = out->rgb != NULL;
    const dni_window whole = {.width = out->width, .height = out->height};
    if (done && longer <= size) /* stb's resizing to the same size would be the same, slower */
        memcpy(out->rgb, image->rgb, bytes);
    else if (done)
        done = dni_stb_resize(image, out->width, out->height, &whole, out->rgb, 3 * out->width);
    if (done) return DN_OK;
    const dn_status status = dni_no_memory(error, "a picture of %d x %d pixels", out->width, out->height);
    dn_image_free(out);
    return status;
}

dn_status thumbnail_make(thumbnail *out, const dn_image *image, int size, dn_error *error) {
    *out = (thumbnail){.jpeg = NULL};
    dn_image small;
    dn_status status = thumbnail_shrink(&small, image, size, error);
    if (status) return status;
    status = dni_jpeg_encode(&out->jpeg, &out->bytes, &small, QUALITY, DNI_CHROMA_420, error);
    out->width = small.width;
    out->height = small.height;
    dn_image_free(&small);
    return status;
}

void thumbnail_put(html *page, const thumbnail *picture, const char *alt) {
    char *address = data_address("image/jpeg", picture->jpeg, picture->bytes);
    dn_error error;
    if (!address && dni_no_memory(&error, "a picture of %d x %d pixels", picture->width, picture->height)) {
        html_fail(page, &error);
        return;
    }
    html_raw(page, "<img width=\"%d\" height=\"%d\" loading=\"lazy\" decoding=\"async\" alt=\"",
             picture->width, picture->height);
    html_text(page, alt);
    html_raw(page, "\" src=\"%s\">", address);
    free(address);
}

void thumbnail_free(thumbnail *picture) {
    free(picture->jpeg);
    *picture = (thumbnail){.jpeg = NULL};
}

dn_status thumbnail_write(html *page, const dn_image *image, int size, const char *alt, dn_error *error) {
    thumbnail made;
    const dn_status status = thumbnail_make(&made, image, size, error);
    if (!status) thumbnail_put(page, &made, alt);
    thumbnail_free(&made);
    return status;
}
