/* SPDX-License-Identifier: MIT */
/* TIFF against Pillow's pixels (test/golden/io/oracle_formats.py), to the bit. */
#include "io/file.h"
#include "io/tiff.h"
#include "test/support/decoding.h"
#include "test/support/pictures.h"

#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FOLDER "test/golden/io/tiff"

/* Calls `check` with every golden file: those of which the folder has the pixels. */
static void for_every_golden(void (*check)(const char *path)) {
    dni_listing names;
    dn_error error = {0};
    size_t count = 0;
    if (dni_list_folder(&names, FOLDER, &error)) fail_msg("%s", error.message);
    for (size_t i = 0; i < names.count; i++) {
        const size_t length = strlen(names.names[i]);
        if (length < 4 || strcmp(names.names[i] + length - 4, ".rgb") != 0) continue;
        char path[256];
        snprintf(path, sizeof path, FOLDER "/%.*s", (int)(length - 4), names.names[i]);
        check(path);
        count++;
    }
    assert_true(count > 50);
    dni_listing_free(&names);
}

static void check_pixels(const char *path) {
    assert_golden_pixels(path, 0, NULL);
}

static void test_pixels(void **state) {
    (void)state;
    for_every_golden(check_pixels);
}

/* Pages behind the first may be cut, and so may the last bytes: where a page's folder ends the file,
 * they say that there is no other page. */
static void check_damage(const char *path) {
    enum { STEP = 7, ROUNDS = 200, LINK = 8 };
    if (!strstr(path, "pages") && !strstr(path, "preview_and_mask"))
        assert_no_beginning_decodes(path, LINK, STEP);
    assert_changed_bytes_are_harmless(path, ROUNDS, false);
    assert_trailing_bytes_are_harmless(path);
}

static void test_cut_changed_and_longer_files(void **state) {
    (void)state;
    for_every_golden(check_damage);
}

static void assert_frames(const char *name, int frames, int orientation) {
    char path[256];
    dn_image image;
    snprintf(path, sizeof path, FOLDER "/%s", name);
    assert_golden_pixels(path, 0, &image);
    assert_int_equal(image.frames, frames);
    assert_int_equal(image.orientation, orientation);
    dn_image_free(&image);
}

/* The orientation's tag has been followed. */
static void test_frames_and_orientation(void **state) {
    (void)state;
    assert_frames("raw.tif", 1, 0);
    assert_frames("pages.tif", 3, 0);
    assert_frames("preview_and_mask.tif", 2, 0);
    for (int orientation = 1; orientation <= 8; orientation++) {
        char name[32];
        snprintf(name, sizeof name, "orientation_%d.tif", orientation);
        assert_frames(name, 1, 1);
    }
}

static void test_kinds_that_are_not_read_are_named(void **state) {
    (void)state;
    static const struct {
        const char *path, *words;
    } cases[] = {
        {FOLDER "/refused_float.tif", "a TIFF picture of 32-bit floating-point numbers is not supported"},
        {FOLDER "/refused_int32.tif", "a TIFF picture of 32-bit signed integers is not supported"},
        {FOLDER "/refused_signed16.tif", "a TIFF picture of 16-bit signed integers is not supported"},
        {FOLDER "/refused_unsigned32.tif", "a TIFF picture whose bits a sample are 32 is not supported"},
        {FOLDER "/refused_lab.tif", "a TIFF picture of photometric interpretation 8 is not supported"},
        {FOLDER "/refused_lzma.tif", "a TIFF picture of compression 34925 is not supported"},
        {FOLDER "/refused_mostly_tile.tif",
         "a TIFF picture of 8 x 8 pixels in tiles of 4096 x 4096 is not supported"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_file_refused(cases[i].path, DN_ERR_IMAGE_UNSUPPORTED, cases[i].words);
}

/* ---- files that no writer makes ---- */

typedef struct tag {
    uint16_t id, type; /* SHORT is 3, LONG is 4 */
    uint32_t count, value;
} tag;

/* A picture of 8 x 8 pixels in one strip of zeros, with these tags in rising order. */
static void write_tiff(const char *path, const tag *tags, uint16_t count, size_t size) {
    unsigned char *const bytes = calloc(1, size);
    assert_non_null(bytes);
    memcpy(bytes, "II*\0\x08\0\0\0", 8);
    memcpy(bytes + 8, &count, sizeof count);
    for (size_t i = 0; i < count; i++) {
        unsigned char *const at = bytes + 10 + 12 * i;
        memcpy(at, &tags[i].id, 2);
        memcpy(at + 2, &tags[i].type, 2);
        memcpy(at + 4, &tags[i].count, 4);
        memcpy(at + 8, &tags[i].value, 4);
    }
    write_whole(path, bytes, size);
    free(bytes);
}

/* A palette is of 8 bits at most, and YCbCr of three samples of 8. */
static void test_palettes_and_ycbcr_of_16_bits_are_refused(void **state) {
    enum { BITS = 258, SHORTS = 3, LONGS = 4, MAP = 3 * 65536 };
    const tag palette[] = {
        {256, SHORTS, 1, 8},  {257, SHORTS, 1, 8},      {BITS, SHORTS, 1, 16}, {259, SHORTS, 1, 1},
        {262, SHORTS, 1, 3},  {273, LONGS, 1, 8},       {277, SHORTS, 1, 1},   {278, SHORTS, 1, 8},
        {279, LONGS, 1, 128}, {320, SHORTS, MAP, 1024},
    };
    const char *path = folder_path(state, "palette.tif");
    write_tiff(path, palette, sizeof palette / sizeof *palette, 1024 + 2 * MAP);
    assert_file_refused(path, DN_ERR_IMAGE_UNSUPPORTED, "with a palette, whose bits a sample are 16");
    const tag ycbcr[] = {
        {256, SHORTS, 1, 8}, {257, SHORTS, 1, 8}, {BITS, SHORTS, 1, 16},
        {259, SHORTS, 1, 1}, {262, SHORTS, 1, 6}, {273, LONGS, 1, 8},
        {277, SHORTS, 1, 3}, {278, SHORTS, 1, 8}, {279, LONGS, 1, 384},
    };
    path = folder_path(state, "ycbcr.tif");
    write_tiff(path, ycbcr, sizeof ycbcr / sizeof *ycbcr, 1024);
    assert_file_refused(path, DN_ERR_IMAGE_UNSUPPORTED, "in YCbCr whose bits a pixel are 48");
}

static void test_without_the_library_the_refusal_names_it(void **state) {
    (void)state;
    assert_file_refused(FOLDER "/raw.tif", DN_ERR_IMAGE_UNSUPPORTED,
                        "this is a TIFF picture, and this build has no libtiff 4.5 or later");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pixels),
        cmocka_unit_test(test_cut_changed_and_longer_files),
        cmocka_unit_test(test_frames_and_orientation),
        cmocka_unit_test(test_kinds_that_are_not_read_are_named),
        cmocka_unit_test_setup_teardown(test_palettes_and_ycbcr_of_16_bits_are_refused, folder_set_up,
                                        folder_tear_down),
    };
    const struct CMUnitTest without[] = {
        cmocka_unit_test(test_without_the_library_the_refusal_names_it),
    };
    return dni_tiff_codec.decode ? cmocka_run_group_tests(tests, NULL, NULL)
                                 : cmocka_run_group_tests(without, NULL, NULL);
}
