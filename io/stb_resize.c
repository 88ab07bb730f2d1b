/* SPDX-License-Identifier: MIT */
/* Resizing by stb_image_resize. */
#include "io/stb_resize.h"

#include <stdlib.h>

/* The header defines functions that are not used here. */
#pragma GCC diagnostic ignored "-Wunused-function"
#define STB_IMAGE_RESIZE_STATIC
#define STBIR_MAX_CHANNELS 3072 /* of a strip of columns */
#define STB_IMAGE_RESIZE_IMPLEMENTATION
#define STBIR_ASSERT(condition) ((void)0)
#include <stb/stb_image_resize.h>

static bool resize_pass(const uint8_t *in, int width, int height, int in_row_bytes, int channels,
                        uint8_t *out, const dni_window *window, int out_row_bytes, float x_scale,
                        float y_scale) {
    return stbir_resize_subpixel(in, width, height, in_row_bytes, out, window->width, window->height,
                                 out_row_bytes, STBIR_TYPE_UINT8, channels, STBIR_ALPHA_CHANNEL_NONE, 0,
                                 STBIR_EDGE_CLAMP, STBIR_EDGE_CLAMP, STBIR_FILTER_TRIANGLE,
                                 STBIR_FILTER_TRIANGLE, STBIR_COLORSPACE_LINEAR, NULL, x_scale, y_scale,
                                 (float)window->left, (float)window->top);
}

/* The vertical pass: the window's rows in the picture's full width. The pixels of a strip of columns are
 * handed over as one pixel of very many channels, because stb_image_resize vectorises over channels: with
 * three of them it would go pixel by pixel. */
static bool shorten(const dn_image *image, float y_scale, const dni_window *window, uint8_t *out) {
    const int row_bytes = 3 * image->width;
    const dni_window rows = {.top = window->top, .width = 1, .height = window->height};
    bool done = true;
    for (int x = 0; done && x < row_bytes; x += STBIR_MAX_CHANNELS) {
        const int channels = row_bytes - x < STBIR_MAX_CHANNELS ? row_bytes - x : STBIR_MAX_CHANNELS;
        done = resize_pass(image->rgb + x, 1, image->height, row_bytes, channels, out + x, &rows, row_bytes,
                           1, y_scale);
    }
    return done;
}

/* A separate vertical pass first is faster when it leaves less than half of the rows for the slow horizontal
 * pass. */
bool dni_stb_resize(const dn_image *image, int full_width, int full_height, const dni_window *window,
                    uint8_t *out, int out_row_bytes) {
    const float x_scale = (float)full_width / (float)image->width;
    const float y_scale = (float)full_height / (float)image->height;
    if (full_height >= image->height / 2)
        return resize_pass(image->rgb, image->width, image->height, 0, 3, out, window, out_row_bytes, x_scale,
                           y_scale);
    uint8_t *const shortened = malloc(3 * (size_t)image->width * (size_t)window->height);
    const dni_window columns = {.left = window->left, .width = window->width, .height = window->height};
    const bool done =
        shortened && shorten(image, y_scale, window, shortened) &&
        resize_pass(shortened, image->width, window->height, 0, 3, out, &columns, out_row_bytes, x_scale, 1);
    free(shortened);
    return done;
}
