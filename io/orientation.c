/* SPDX-License-Identifier: MIT */
/* Turning a picture upright.
 *
 * The value names where the stored picture's first row and first column lie in the upright one (Exif 2.32,
 * section 4.6.4): 1 top left, 2 top right, 3 bottom right, 4 bottom left, and 5 to 8 the same with rows and
 * columns exchanged: left top, right top, right bottom, left bottom. */
#include "io/orientation.h"

#include "core/error.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Where the upright picture's first pixel lies in the stored one, and the way from there to the next column
 * and to the next row, in pixels. */
typedef struct walk {
    ptrdiff_t start, column, row;
} walk;

static walk plan(const dn_image *image) {
    const ptrdiff_t width = image->width, height = image->height;
    const int o = image->orientation;
    const bool from_right = o == 2 || o == 3 || o == 7 || o == 8;
    const bool from_below = o == 3 || o == 4 || o == 6 || o == 7;
    const ptrdiff_t across = from_right ? -1 : 1, down = from_below ? -width : width;
    return (walk){.start = (from_right ? width - 1 : 0) + (from_below ? (height - 1) * width : 0),
                  .column = o >= 5 ? down : across,
                  .row = o >= 5 ? across : down};
}

dn_status dn_image_turn_upright(dn_image *image, dn_error *error) {
    DNI_NOT_NULL(error, image);
    if (!image->rgb) return dni_fail(error, DN_ERR_ARGUMENT, "image: no picture");
    if (image->orientation < 0 || image->orientation > 8)
        return dni_fail(error, DN_ERR_ARGUMENT, "image: orientation is %d, not 0 to 8", image->orientation);
    if (image->orientation <= 1) return DN_OK;
    const bool exchanged = image->orientation >= 5;
    const int width = exchanged ? image->height : image->width;
    const int height = exchanged ? image->width : image->height;
    uint8_t *const upright = malloc(3 * (size_t)width * (size_t)height);
    if (!upright)
        return dni_no_memory(error, "turning a picture of %d x %d pixels", image->width, image->height);
    const walk way = plan(image);
    uint8_t *to = upright;
    for (int y = 0; y < height; y++) {
        const uint8_t *from = image->rgb + 3 * (way.start + y * way.row);
        for (int x = 0; x < width; x++, to += 3) memcpy(to, from + 3 * (x * way.column), 3);
    }
    free(image->rgb);
    image->rgb = upright;
    image->width = width;
    image->height = height;
    image->orientation = 1;
    return DN_OK;
}

dn_status dni_image_turn_as(dn_image *image, const char *path, const dn_preprocessing *preprocessing,
                            dn_error *error) {
    dn_error reason;
    const dn_status status = preprocessing->exif_rotate ? dn_image_turn_upright(image, &reason) : DN_OK;
    if (!status) return DN_OK;
    dn_image_free(image);
    return dni_fail(error, status, "%.400s: %.600s", path, reason.message);
}

dn_status dni_image_load_as(dn_image *out, const char *path, const dn_preprocessing *preprocessing,
                            dn_error *error) {
    const dn_status status = dn_image_load(out, path, error);
    return status ? status : dni_image_turn_as(out, path, preprocessing, error);
}
