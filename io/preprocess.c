/* SPDX-License-Identifier: MIT */
/* From a decoded picture to the network's input: torchvision's Resize, CenterCrop, ToTensor, Normalize.
 *
 * Resizing computes only what the crop keeps, in two passes of the triangle filter. Pillow makes the
 * horizontal pass first and rounds to 8 bits between the two. Here the vertical pass comes first; its result
 * is rounded where a picture shrinks to less than half, and elsewhere only the end result is. Rounding in
 * between changes a value by half a level at most, so the two differ by one level at most, except for the
 * outermost pixels of the resized picture, where they cut the filter off differently. */
#include "io/image.h"

#include "core/error.h"
#include "io/stb_resize.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { LARGEST_SIDE = 8192, SMALLEST_CROP = 32 };

dn_preprocessing dn_preprocessing_default(void) {
    return (dn_preprocessing){
        .resize = 255, .crop = 224, .mean = {0.485f, 0.456f, 0.406f}, .std = {0.229f, 0.224f, 0.225f}};
}

dn_status dn_preprocessing_check(const dn_preprocessing *preprocessing, dn_error *error) {
    DNI_NOT_NULL(error, preprocessing);
    const dn_preprocessing *const p = preprocessing;
    if (p->resize < 1 || p->resize > LARGEST_SIDE)
        return dni_fail(error, DN_ERR_ARGUMENT, "preprocessing: resize is %d, not 1 to %d", p->resize,
                        LARGEST_SIDE);
    if (p->crop < SMALLEST_CROP || p->crop > LARGEST_SIDE)
        return dni_fail(error, DN_ERR_ARGUMENT, "preprocessing: crop is %d, not %d to %d", p->crop,
                        SMALLEST_CROP, LARGEST_SIDE);
    if (p->exif_rotate != 0 && p->exif_rotate != 1)
        return dni_fail(error, DN_ERR_ARGUMENT, "preprocessing: exif_rotate is %d, not 0 or 1",
                        p->exif_rotate);
    for (size_t i = 0; i < sizeof p->reserved / sizeof *p->reserved; i++)
        if (p->reserved[i] != 0)
            return dni_fail(error, DN_ERR_UNSUPPORTED,
                            "preprocessing: reserved[%zu] is %d, not 0: version %s of libdensenet knows of "
                            "nothing there",
                            i, p->reserved[i], dn_version());
    for (int channel = 0; channel < 3; channel++) {
        if (!isfinite(p->mean[channel]))
            return dni_fail(error, DN_ERR_ARGUMENT, "preprocessing: mean of channel %d is %g, not finite",
                            channel, (double)p->mean[channel]);
        if (!isfinite(p->std[channel]) || !(p->std[channel] > 0))
            return dni_fail(error, DN_ERR_ARGUMENT,
                            "preprocessing: standard deviation of channel %d is %g, not finite and above 0",
                            channel, (double)p->std[channel]);
    }
    return DN_OK;
}

/* A side after resizing, rounded down as Python's int() does. */
static long long resized(int side, int shorter, int resize) {
    return (long long)resize * side / shorter;
}

/* Where a crop begins on a side of `size` >= `crop` pixels: at half the difference, a half rounded to the
 * even number. */
static int crop_offset(int size, int crop) {
    const int half = (size - crop) / 2, odd = (size - crop) % 2;
    return half + (odd & half);
}

/* On one axis, `count` pixels from position `source` of the resized picture go to position `target` of the
 * crop. */
typedef struct span {
    int source, target, count;
} span;

static span crop_span(int size, int crop) {
    if (size >= crop) return (span){.source = crop_offset(size, crop), .target = 0, .count = crop};
    return (span){.source = 0, .target = (crop - size) / 2, .count = size};
}

/* Fills the part of the crop that the picture covers, and leaves the rest as it is. */
static int resize_into_crop(const dn_image *image, int width, int height, uint8_t *crop, int crop_side) {
    const span x = crop_span(width, crop_side), y = crop_span(height, crop_side);
    const size_t crop_row = 3 * (size_t)crop_side, image_row = 3 * (size_t)image->width;
    uint8_t *const out = crop + crop_row * (size_t)y.target + 3 * (size_t)x.target;
    if (width == image->width && height == image->height) {
        const uint8_t *const in = image->rgb + image_row * (size_t)y.source + 3 * (size_t)x.source;
        for (size_t row = 0; row < (size_t)y.count; row++)
            memcpy(out + row * crop_row, in + row * image_row, 3 * (size_t)x.count);
        return 1;
    }
    const dni_window window = {.left = x.source, .top = y.source, .width = x.count, .height = y.count};
    return dni_stb_resize(image, width, height, &window, out, (int)crop_row);
}

/* Mirrors each row of a crop of side x side pixels left to right. */
static void mirror(uint8_t *crop, size_t side) {
    for (uint8_t *row = crop, *const end = crop + 3 * side * side; row < end; row += 3 * side)
        for (uint8_t *left = row, *right = row + 3 * (side - 1); left < right; left += 3, right -= 3) {
            uint8_t pixel[3];
            memcpy(pixel, left, 3);
            memcpy(left, right, 3);
            memcpy(right, pixel, 3);
        }
}

/* Bytes to floats, (value / 255 - mean) / std. `crop` may be the last quarter of `out`: what is written then
 * reaches a byte only after it has been read. */
static void normalise(const uint8_t *crop, size_t pixels, const dn_preprocessing *p, float *out) {
    float level[3][256];
    for (int channel = 0; channel < 3; channel++)
        for (int value = 0; value < 256; value++)
            level[channel][value] = ((float)value / 255.0f - p->mean[channel]) / p->std[channel];

    for (size_t i = 0; i < pixels; i++, crop += 3, out += 3) {
        const uint8_t red = crop[0], green = crop[1], blue = crop[2];
        out[0] = level[0][red];
        out[1] = level[1][green];
        out[2] = level[2][blue];
    }
}

/* The same of a copy of the picture that was turned. */
static dn_status turned_to_input(const dn_image *image, const dn_preprocessing *preprocessing, int flip,
                                 float *out, dn_error *error) {
    dn_image upright = *image;
    const size_t size = 3 * (size_t)image->width * (size_t)image->height;
    upright.rgb = malloc(size);
    if (!upright.rgb)
        return dni_no_memory(error, "turning a picture of %d x %d pixels", image->width, image->height);
    memcpy(upright.rgb, image->rgb, size);
    dn_status status = dn_image_turn_upright(&upright, error);
    if (!status) status = dn_image_to_input(&upright, preprocessing, flip, out, error);
    dn_image_free(&upright);
    return status;
}

dn_status dn_image_to_input(const dn_image *image, const dn_preprocessing *preprocessing, int flip,
                            float *out, dn_error *error) {
    DNI_NOT_NULL(error, image);
    DNI_NOT_NULL(error, out);
    const dn_preprocessing defaults = dn_preprocessing_default();
    if (!preprocessing) preprocessing = &defaults;
    const dn_status status = dn_preprocessing_check(preprocessing, error);
    if (status) return status;
    if (!image->rgb || image->width < 1 || image->height < 1)
        return dni_fail(error, DN_ERR_ARGUMENT, "image: no picture");
    if (preprocessing->exif_rotate && image->orientation > 1)
        return turned_to_input(image, preprocessing, flip, out, error);

    const int shorter = image->width < image->height ? image->width : image->height;
    const long long width = resized(image->width, shorter, preprocessing->resize);
    const long long height = resized(image->height, shorter, preprocessing->resize);
    if (width > DN_IMAGE_MAX_PIXELS / height)
        return dni_fail(error, DN_ERR_IMAGE_UNSUPPORTED,
                        "picture of %d x %d pixels: too long and thin, resizing makes %lld x %lld, above the "
                        "limit of %u pixels",
                        image->width, image->height, width, height, DN_IMAGE_MAX_PIXELS);

    const size_t side = (size_t)preprocessing->crop, count = 3 * side * side; /* 3 * 8192 * 8192 fits */
    uint8_t *const crop = (uint8_t *)out + count * (sizeof *out - 1);
    memset(crop, 0, count);
    if (!resize_into_crop(image, (int)width, (int)height, crop, preprocessing->crop))
        return dni_no_memory(error, "resizing a picture of %d x %d pixels", image->width, image->height);
    if (flip) mirror(crop, side);
    normalise(crop, side * side, preprocessing, out);
    return DN_OK;
}
