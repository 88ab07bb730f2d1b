/* SPDX-License-Identifier: MIT */
/* HEIC and AVIF against the pictures that were encoded (test/golden/io/oracle_formats.py): to a level
 * where the encoding is without loss, for the rounding of YCbCr. That libheif has decoders for both is a
 * matter of its plugins: what is missing is skipped. */
#include "io/heif.h"
#include "io/heif_items.h"
#include "test/support/decoding.h"
#include "test/support/pictures.h"

#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#define FOLDER "test/golden/io/heif/"

/* Slopes without noise, at quality 90 with chroma of half the size. */
enum { LOSSLESS = 1, LOSSY = 8 };

static const struct {
    const char *path;
    int levels, frames;
} goldens[] = {
    {FOLDER "lossless.heic", LOSSLESS, 1},  {FOLDER "lossless.avif", LOSSLESS, 1},
    {FOLDER "lossy.heic", LOSSY, 1},        {FOLDER "lossy.avif", LOSSY, 1},
    {FOLDER "alpha.heic", LOSSLESS, 1},     {FOLDER "alpha.avif", LOSSLESS, 1},
    {FOLDER "turned.heic", LOSSLESS, 1},    {FOLDER "turned.avif", LOSSLESS, 1},
    {FOLDER "sequence.avif", LOSSLESS, 12},
};
enum { GOLDENS = sizeof goldens / sizeof *goldens };

static bool has_decoder(const char *path) {
    dn_image image;
    dn_error error = {0};
    const dn_status status = dn_image_load(&image, path, &error);
    dn_image_free(&image);
    if (status == DN_ERR_IMAGE_UNSUPPORTED) print_message("%s\n", error.message);
    return status != DN_ERR_IMAGE_UNSUPPORTED;
}

/* Turned by its own property, a picture stands upright. */
static void test_pixels_orientation_and_frames(void **state) {
    (void)state;
    for (int i = 0; i < GOLDENS; i++) {
        dn_image image;
        if (!has_decoder(goldens[i].path)) continue;
        assert_golden_pixels(goldens[i].path, goldens[i].levels, &image);
        assert_int_equal(image.orientation, 1);
        assert_int_equal(image.frames, goldens[i].frames);
        dn_image_free(&image);
    }
}

static void test_cut_changed_and_longer_files(void **state) {
    (void)state;
    enum { STEP = 3, ROUNDS = 200 };
    for (int i = 0; i < GOLDENS; i++) {
        if (!has_decoder(goldens[i].path)) continue;
        assert_no_beginning_decodes(goldens[i].path, 0, STEP);
        assert_changed_bytes_are_harmless(goldens[i].path, ROUNDS, false);
        assert_trailing_bytes_are_harmless(goldens[i].path);
    }
}

static uint64_t coded_pixels(const file_bytes *file) {
    const dni_image_source source = dni_image_source_of_bytes(file->data, file->size, "some/file");
    dni_heif_boxes boxes;
    dn_error error = {0};
    uint64_t pixels = 0;
    dn_status status = dni_heif_walk(&boxes, &source, &error);
    if (!status) status = dni_heif_coded_pixels(&pixels, &boxes, &source, &error);
    if (status) fail_msg("%s", error.message);
    return pixels;
}

static void rename_box(const file_bytes *file, const char *type) {
    for (size_t i = 0; i + 4 <= file->size; i++)
        if (memcmp(file->data + i, type, 4) == 0) {
            memcpy(file->data + i, "skip", 4);
            return;
        }
    fail_msg("there is no box %s", type);
}

/* As the encoders were asked for: x265 makes small pictures 64 x 64. AV1 has its size in the data, too. */
static void test_the_size_of_what_is_coded_is_known(void **state) {
    (void)state;
    static const struct {
        const char *path, *configuration;
        uint64_t pixels, without;
    } cases[] = {
        {FOLDER "lossless.heic", "hvcC", 64 * 64, 0},
        {FOLDER "turned.heic", "hvcC", 72 * 64, 0},
        {FOLDER "../large/coded.heic", "hvcC", 3200 * 3000, 0},
        {FOLDER "lossless.avif", "av1C", 37 * 29, 37 * 29},
        {FOLDER "turned.avif", "av1C", 72 * 64, 72 * 64},
        {FOLDER "../large/coded.avif", "av1C", 3200 * 3000, 3200 * 3000},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const file_bytes file = read_whole(cases[i].path);
        assert_int_equal(coded_pixels(&file), cases[i].pixels);
        rename_box(&file, cases[i].configuration);
        assert_int_equal(coded_pixels(&file), cases[i].without);
        free(file.data);
    }
}

static void test_a_small_picture_that_is_coded_large_is_refused(void **state) {
    (void)state;
    static const char *const paths[] = {FOLDER "../large/coded.heic", FOLDER "../large/coded.avif"};
    for (int i = 0; i < 2; i++)
        assert_file_refused(paths[i], DN_ERR_IMAGE_CORRUPT,
                            "9600000 pixels are coded for a picture of 64 x 64");
}

static void test_without_the_library_the_refusal_names_it(void **state) {
    (void)state;
    assert_file_refused(FOLDER "lossy.heic", DN_ERR_IMAGE_UNSUPPORTED,
                        "this is a HEIC picture, and this build has no libheif");
    assert_file_refused(FOLDER "lossy.avif", DN_ERR_IMAGE_UNSUPPORTED,
                        "this is an AVIF picture, and this build has no libheif");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pixels_orientation_and_frames),
        cmocka_unit_test(test_cut_changed_and_longer_files),
        cmocka_unit_test(test_the_size_of_what_is_coded_is_known),
        cmocka_unit_test(test_a_small_picture_that_is_coded_large_is_refused),
    };
    const struct CMUnitTest without[] = {
        cmocka_unit_test(test_without_the_library_the_refusal_names_it),
    };
    return dni_heif_codec.decode ? cmocka_run_group_tests(tests, NULL, NULL)
                                 : cmocka_run_group_tests(without, NULL, NULL);
}
