/* SPDX-License-Identifier: MIT */
/* Pixels in callers' layouts, brought into the one of dn_image. */
#include "core/error.h"
#include "io/image.h"

#include <stdlib.h>
#include <string.h>

/* Where in a pixel its red, green and blue lie, and how many bytes it has; 0 of an unknown format. */
typedef struct layout {
    int red, green, blue, bytes;
} layout;

static layout layout_of(dn_pixel_format format) {
    switch (format) {
    case DN_PIXELS_RGB:
        return (layout){0, 1, 2, 3};
    case DN_PIXELS_BGR:
        return (layout){2, 1, 0, 3};
    case DN_PIXELS_RGBA:
        return (layout){0, 1, 2, 4};
    case DN_PIXELS_BGRA:
        return (layout){2, 1, 0, 4};
    case DN_PIXELS_GREY:
        return (layout){0, 0, 0, 1};
    }
    return (layout){0, 0, 0, 0};
}

static dn_status check(const dn_pixels *pixels, dn_error *error) {
    const long long bytes = layout_of(pixels->format).bytes, row = bytes * pixels->width,
                    stride = pixels->stride;
    if (!pixels->data) return dni_fail(error, DN_ERR_ARGUMENT, "pixels: data is NULL");
    if (!bytes)
        return dni_fail(error, DN_ERR_ARGUMENT, "pixels: format is %d, not one of dn_pixel_format",
                        (int)pixels->format);
    if (pixels->width < 1 || pixels->height < 1)
        return dni_fail(error, DN_ERR_ARGUMENT, "pixels: %d x %d, not at least 1 x 1", pixels->width,
                        pixels->height);
    if ((size_t)pixels->width > DN_IMAGE_MAX_PIXELS / (size_t)pixels->height)
        return dni_fail(error, DN_ERR_IMAGE_TOO_LARGE,
                        "pixels: too large: %d x %d pixels; the limit is %u pixels", pixels->width,
                        pixels->height, DN_IMAGE_MAX_PIXELS);
    if (stride < row && -stride < row)
        return dni_fail(error, DN_ERR_ARGUMENT,
                        "pixels: stride is %lld bytes, less than a row of %d pixels has: %lld bytes", stride,
                        pixels->width, row);
    return DN_OK;
}

static void copy_row(uint8_t *rgb, const uint8_t *from, int width, layout of) {
    for (int x = 0; x < width; x++, rgb += 3, from += of.bytes) {
        rgb[0] = from[of.red];
        rgb[1] = from[of.green];
        rgb[2] = from[of.blue];
    }
}

dn_status dn_image_from_pixels(dn_image *out, const dn_pixels *pixels, dn_error *error) {
    DNI_NOT_NULL(error, out);
    *out = (dn_image){0};
    DNI_NOT_NULL(error, pixels);
    const dn_status status = check(pixels, error);
    if (status) return status;
    const size_t row = 3 * (size_t)pixels->width;
    uint8_t *const rgb = malloc(row * (size_t)pixels->height);
    if (!rgb) return dni_no_memory(error, "pixels: %d x %d", pixels->width, pixels->height);
    for (int y = 0; y < pixels->height; y++)
        copy_row(rgb + (size_t)y * row, (const uint8_t *)pixels->data + y * pixels->stride, pixels->width,
                 layout_of(pixels->format));
    *out = (dn_image){.width = pixels->width, .height = pixels->height, .rgb = rgb};
    return DN_OK;
}

/* The picture that lies in the caller's memory as it is. */
static dn_status read_in_place(const dn_pixels *pixels, const dn_preprocessing *preprocessing, int flip,
                               float *out, dn_error *error) {
    dn_image image = {.width = pixels->width, .height = pixels->height};
    memcpy(&image.rgb, &pixels->data, sizeof image.rgb); /* it is only read */
    return dn_image_to_input(&image, preprocessing, flip, out, error);
}

dn_status dn_pixels_to_input(const dn_pixels *pixels, const dn_preprocessing *preprocessing, int flip,
                             float *out, dn_error *error) {
    DNI_NOT_NULL(error, pixels);
    DNI_NOT_NULL(error, out);
    dn_status status = check(pixels, error);
    if (status) return status;
    if (pixels->format == DN_PIXELS_RGB && pixels->stride == 3 * (ptrdiff_t)pixels->width)
        return read_in_place(pixels, preprocessing, flip, out, error);
    dn_image image;
    status = dn_image_from_pixels(&image, pixels, error);
    if (!status) status = dn_image_to_input(&image, preprocessing, flip, out, error);
    dn_image_free(&image);
    return status;
}
