/* SPDX-License-Identifier: MIT */
/* WebP against Pillow's pixels (test/golden/io/oracle_formats.py), to the bit: Pillow decodes by the
 * same library. */
#include "io/webp.h"
#include "test/support/decoding.h"
#include "test/support/pictures.h"

#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FOLDER "test/golden/io/webp/"

static const struct {
    const char *path;
    int orientation, frames;
} goldens[] = {
    {FOLDER "lossy.webp", 0, 1},       {FOLDER "lossless.webp", 0, 1},
    {FOLDER "lossy_alpha.webp", 0, 1}, {FOLDER "lossless_alpha.webp", 0, 1},
    {FOLDER "animated.webp", 0, 3},    {FOLDER "part_of_canvas.webp", 0, 2},
    {FOLDER "exif_6.webp", 6, 1},      {FOLDER "exif_prefix_8.webp", 8, 1},
};
enum { GOLDENS = sizeof goldens / sizeof *goldens };

static void test_pixels_orientation_and_frames(void **state) {
    (void)state;
    for (int i = 0; i < GOLDENS; i++) {
        dn_image image;
        assert_golden_pixels(goldens[i].path, 0, &image);
        assert_int_equal(image.orientation, goldens[i].orientation);
        assert_int_equal(image.frames, goldens[i].frames);
        dn_image_free(&image);
    }
}

static void test_cut_changed_and_longer_files(void **state) {
    (void)state;
    for (int i = 0; i < GOLDENS; i++) {
        assert_no_beginning_decodes(goldens[i].path, 0, 1);
        assert_changed_bytes_are_harmless(goldens[i].path, 400, false);
        assert_trailing_bytes_are_harmless(goldens[i].path);
    }
}

static void assert_refused(const file_bytes *file, dn_status expected, const char *words) {
    dn_image image;
    dn_error error = {0};
    const dn_status status = dn_image_decode(&image, file->data, file->size, "some/file", &error);
    if (status != expected || !strstr(error.message, words))
        fail_msg("%s: %s", dn_status_name(status), error.message);
    assert_null(image.rgb);
}

/* A container that is whole, around compressed data that are not. */
static void test_data_that_end_early_inside_a_whole_container(void **state) {
    (void)state;
    enum { RIFF_SIZE = 4, CHUNK_SIZE = 16, REMOVED = 100 };
    static const char *const paths[] = {FOLDER "lossy.webp", FOLDER "lossless.webp"};
    for (int i = 0; i < 2; i++) {
        file_bytes file = read_whole(paths[i]);
        file.size = (file.size - REMOVED) & ~(size_t)1;
        for (int b = 0; b < 2; b++) {
            file.data[RIFF_SIZE + b] = (unsigned char)((file.size - 8) >> 8 * b);
            file.data[CHUNK_SIZE + b] = (unsigned char)((file.size - 20) >> 8 * b);
        }
        assert_refused(&file, DN_ERR_IMAGE_CORRUPT, "the WebP file is broken (its picture");
        free(file.data);
    }
}

/* A canvas of another size than its picture, and one that is too large. */
static void test_the_canvas_must_be_the_pictures(void **state) {
    (void)state;
    enum { WIDTH = 24, FRAME_WIDTH = 58 };
    const file_bytes file = read_whole(FOLDER "exif_6.webp");
    file.data[WIDTH]++;
    assert_refused(&file, DN_ERR_IMAGE_CORRUPT, "the WebP file is broken (its picture cannot be decoded)");
    memset(file.data + WIDTH, 0xff, 6);
    assert_refused(&file, DN_ERR_IMAGE_TOO_LARGE,
                   "16777216 x 16777216 pixels; the limit is 100000000 pixels");
    free(file.data);
    const file_bytes animated = read_whole(FOLDER "part_of_canvas.webp");
    animated.data[FRAME_WIDTH]--;
    assert_refused(&animated, DN_ERR_IMAGE_CORRUPT, "picture and container differ in size");
    memset(animated.data + WIDTH, 0, 3); /* the first frame is 10 pixels wide */
    assert_refused(&animated, DN_ERR_IMAGE_CORRUPT, "its first frame is larger than the canvas");
    free(animated.data);
}

static void test_without_the_library_the_refusal_names_it(void **state) {
    (void)state;
    assert_file_refused(FOLDER "lossy.webp", DN_ERR_IMAGE_UNSUPPORTED,
                        "this is a WebP picture, and this build has no libwebp");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pixels_orientation_and_frames),
        cmocka_unit_test(test_cut_changed_and_longer_files),
        cmocka_unit_test(test_data_that_end_early_inside_a_whole_container),
        cmocka_unit_test(test_the_canvas_must_be_the_pictures),
    };
    const struct CMUnitTest without[] = {
        cmocka_unit_test(test_without_the_library_the_refusal_names_it),
    };
    return dni_webp_codec.decode ? cmocka_run_group_tests(tests, NULL, NULL)
                                 : cmocka_run_group_tests(without, NULL, NULL);
}
