/* SPDX-License-Identifier: MIT */
/* Pixels in every layout stand for the same picture, and give the same bits as it does. */
#include "io/image.h"
#include "test/support/pictures.h"

#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { RESIZE = 48, CROP = 32, INPUT = 3 * CROP * CROP, GAP = 5 };

static const struct {
    dn_pixel_format format;
    int bytes, places[3]; /* of red, green, blue */
} layouts[] = {
    {DN_PIXELS_RGB, 3, {0, 1, 2}},  {DN_PIXELS_BGR, 3, {2, 1, 0}},  {DN_PIXELS_RGBA, 4, {0, 1, 2}},
    {DN_PIXELS_BGRA, 4, {2, 1, 0}}, {DN_PIXELS_GREY, 1, {0, 0, 0}},
};
enum { LAYOUTS = sizeof layouts / sizeof *layouts };

static dn_preprocessing preprocessing(void) {
    dn_preprocessing p = dn_preprocessing_default();
    p.resize = RESIZE, p.crop = CROP;
    return p;
}

/* A picture in colour, or one whose channels are all its red. */
static dn_image picture(bool is_grey) {
    dn_image image;
    assert_int_equal(dn_image_load(&image, GOLDEN_PICTURES "/wide.png", NULL), DN_OK);
    for (int i = 0; is_grey && i < image.width * image.height; i++)
        memset(image.rgb + 3 * i, image.rgb[3 * i], 3);
    return image;
}

/* The picture's rows in a layout, each in a block of exactly its own size but for `gap` bytes behind it,
 * of noise as all that belongs to no channel is. The last row has no gap, so that the address sanitizer
 * sees reads behind it. */
static dn_pixels laid_out(unsigned char **memory, const dn_image *image, int layout, int gap,
                          bool is_upward) {
    const int bytes = layouts[layout].bytes;
    const ptrdiff_t row = (ptrdiff_t)bytes * image->width, stride = row + gap;
    const ptrdiff_t size = stride * image->height - gap;
    *memory = malloc((size_t)size);
    assert_non_null(*memory);
    for (ptrdiff_t i = 0; i < size; i++) (*memory)[i] = (unsigned char)(i * 37 + 11);
    for (int y = 0; y < image->height; y++)
        for (int x = 0; x < image->width; x++)
            for (int c = 0; c < 3; c++)
                (*memory)[stride * (is_upward ? image->height - 1 - y : y) + bytes * x +
                          layouts[layout].places[c]] = image->rgb[3 * (y * image->width + x) + c];
    return (dn_pixels){.data = is_upward ? *memory + stride * (image->height - 1) : *memory,
                       .width = image->width,
                       .height = image->height,
                       .format = layouts[layout].format,
                       .stride = is_upward ? -stride : stride};
}

static void assert_same(const dn_image *image, int layout, int gap, bool is_upward) {
    static float wanted[INPUT], input[INPUT];
    const dn_preprocessing how = preprocessing();
    unsigned char *memory;
    const dn_pixels pixels = laid_out(&memory, image, layout, gap, is_upward);
    dn_image made;
    dn_error error = {0};
    if (dn_image_from_pixels(&made, &pixels, &error)) fail_msg("layout %d: %s", layout, error.message);
    assert_int_equal(made.width, image->width);
    assert_int_equal(made.height, image->height);
    assert_int_equal(made.orientation, 0);
    assert_int_equal(made.frames, 0);
    assert_memory_equal(made.rgb, image->rgb, 3 * (size_t)image->width * (size_t)image->height);
    for (int flip = 0; flip < 2; flip++) {
        assert_int_equal(dn_image_to_input(image, &how, flip, wanted, NULL), DN_OK);
        memset(input, 0xff, sizeof input);
        if (dn_pixels_to_input(&pixels, &how, flip, input, &error))
            fail_msg("layout %d: %s", layout, error.message);
        assert_memory_equal(input, wanted, sizeof wanted);
    }
    dn_image_free(&made);
    free(memory);
}

static void test_every_layout_gives_the_same_bits(void **state) {
    (void)state;
    for (int layout = 0; layout < LAYOUTS; layout++) {
        dn_image image = picture(layouts[layout].format == DN_PIXELS_GREY);
        for (int gap = 0; gap <= GAP; gap += GAP) {
            assert_same(&image, layout, gap, false);
            assert_same(&image, layout, gap, true);
        }
        dn_image_free(&image);
    }
}

static void test_of_a_fourth_channel_nothing_is_read(void **state) {
    (void)state;
    static const unsigned char bgra[] = {1, 2, 3, 0, 4, 5, 6, 255};
    const dn_pixels pixels = {.data = bgra, .width = 2, .height = 1, .format = DN_PIXELS_BGRA, .stride = 8};
    dn_image image;
    assert_int_equal(dn_image_from_pixels(&image, &pixels, NULL), DN_OK);
    assert_memory_equal(image.rgb, "\3\2\1\6\5\4", 6);
    dn_image_free(&image);
}

static void assert_refused(dn_pixels pixels, dn_status expected, const char *message) {
    static float input[INPUT];
    const dn_preprocessing how = preprocessing();
    dn_image image = {.width = 1};
    dn_error error = {0};
    assert_int_equal(dn_image_from_pixels(&image, &pixels, &error), expected);
    assert_string_equal(error.message, message);
    assert_null(image.rgb);
    assert_int_equal(image.width, 0);
    assert_int_equal(dn_pixels_to_input(&pixels, &how, 0, input, &error), expected);
    assert_string_equal(error.message, message);
}

static void test_views_that_cannot_be_are_refused_by_name(void **state) {
    (void)state;
    static const unsigned char bytes[64];
    const dn_pixels sound = {.data = bytes, .width = 4, .height = 4, .format = DN_PIXELS_RGB, .stride = 12};
    dn_pixels view = sound;
    view.stride = 11;
    assert_refused(view, DN_ERR_ARGUMENT,
                   "pixels: stride is 11 bytes, less than a row of 4 pixels has: 12 bytes");
    view.stride = -11;
    assert_refused(view, DN_ERR_ARGUMENT,
                   "pixels: stride is -11 bytes, less than a row of 4 pixels has: 12 bytes");
    view.stride = 12, view.format = DN_PIXELS_RGBA;
    assert_refused(view, DN_ERR_ARGUMENT,
                   "pixels: stride is 12 bytes, less than a row of 4 pixels has: 16 bytes");
    view = sound, view.stride = 0;
    assert_refused(view, DN_ERR_ARGUMENT,
                   "pixels: stride is 0 bytes, less than a row of 4 pixels has: 12 bytes");
    view = sound, view.format = (dn_pixel_format)0;
    assert_refused(view, DN_ERR_ARGUMENT, "pixels: format is 0, not one of dn_pixel_format");
    view = sound, view.height = 0;
    assert_refused(view, DN_ERR_ARGUMENT, "pixels: 4 x 0, not at least 1 x 1");
    view = sound, view.width = -1;
    assert_refused(view, DN_ERR_ARGUMENT, "pixels: -1 x 4, not at least 1 x 1");
    view = sound, view.data = NULL;
    assert_refused(view, DN_ERR_ARGUMENT, "pixels: data is NULL");
    view = (dn_pixels){bytes, 20000, 20000, DN_PIXELS_GREY, 20000};
    assert_refused(view, DN_ERR_IMAGE_TOO_LARGE,
                   "pixels: too large: 20000 x 20000 pixels; the limit is 100000000 pixels");
    view = (dn_pixels){bytes, INT_MAX, 1, DN_PIXELS_RGBA, PTRDIFF_MIN};
    assert_refused(view, DN_ERR_IMAGE_TOO_LARGE,
                   "pixels: too large: 2147483647 x 1 pixels; the limit is 100000000 pixels");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_layout_gives_the_same_bits),
        cmocka_unit_test(test_of_a_fourth_channel_nothing_is_read),
        cmocka_unit_test(test_views_that_cannot_be_are_refused_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
