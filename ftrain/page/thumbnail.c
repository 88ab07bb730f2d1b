/* A picture made smaller, encoded as JPEG, and written as a data: address. */
#include "ftrain/page/thumbnail.h"

#include "core/error.h"
#include "io/jpeg.h"
#include "io/stb.h"

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
    dn_image_free(out);
    return dni_fail(error, DN_ERR_MEMORY, "out of memory for a picture of %d x %d pixels", out->width,
                    out->height);
}

static void write_base64(html *page, const unsigned char *bytes, size_t size) {
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    char text[4 * 256 + 1];
    size_t used = 0;
    for (size_t i = 0; i < size; i += 3) {
        const unsigned long three = (unsigned long)bytes[i] << 16 |
                                    (unsigned long)(i + 1 < size ? bytes[i + 1] : 0) << 8 |
                                    (i + 2 < size ? bytes[i + 2] : 0);
        text[used++] = digits[three >> 18];
        text[used++] = digits[three >> 12 & 63];
        text[used++] = i + 1 < size ? digits[three >> 6 & 63] : '=';
        text[used++] = i + 2 < size ? digits[three & 63] : '=';
        if (used + 1 < sizeof text && i + 3 < size) continue;
        text[used] = '\0';
        html_raw(page, "%s", text);
        used = 0;
    }
}

dn_status thumbnail_make(thumbnail *out, const dn_image *image, int size, dn_error *error) {
    *out = (thumbnail){.jpeg = NULL};
    dn_image small;
    dn_status status = thumbnail_shrink(&small, image, size, error);
    if (status) return status;
    status = dni_jpeg_encode(&out->jpeg, &out->bytes, &small, QUALITY, error);
    out->width = small.width;
    out->height = small.height;
    dn_image_free(&small);
    return status;
}

void thumbnail_put(html *page, const thumbnail *picture, const char *alt) {
    html_raw(page, "<img width=\"%d\" height=\"%d\" loading=\"lazy\" decoding=\"async\" alt=\"",
             picture->width, picture->height);
    html_text(page, alt);
    html_raw(page, "\" src=\"data:image/jpeg;base64,");
    write_base64(page, picture->jpeg, picture->bytes);
    html_raw(page, "\">");
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
