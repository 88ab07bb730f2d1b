/* SPDX-License-Identifier: MIT */
/* Decoding, against Pillow's pixels (test/golden/io/oracle_pictures.py), and the refusal of what is not a
 * whole picture. What is special to a format: test_jpeg.c, test_webp.c, test_tiff.c, test_heif.c,
 * test_image_header.c. */
#include "io/file.h"
#include "io/image.h"
#include "test/support/decoding.h"
#include "test/support/pictures.h"

#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* `needed` is how many bytes at the end are no part of the picture: comment-like tails that may be cut
 * off. */
typedef struct golden {
    const char *name;
    size_t tail;
} golden;

enum { TGA_FOOTER = 26 };

static const golden goldens[] = {
    {"baseline_444.jpg", 0},
    {"baseline_422.jpg", 0},
    {"baseline_420.jpg", 0},
    {"progressive_444.jpg", 0},
    {"progressive_422.jpg", 0},
    {"progressive_420.jpg", 0},
    {"grey.jpg", 0},
    {"cmyk.jpg", 0},
    {"ycck.jpg", 0},
    {"trailing_bytes.jpg", sizeof "trailing bytes" - 1},
    {"odd_scan_range.jpg", 0},
    {"odd_jfif_version.jpg", 0},
    {"odd_stray_bytes.jpg", 0},
    {"odd_adobe_transform.jpg", 0},
    {"rgb.png", 0},
    {"rgb16.png", 0},
    {"rgba.png", 0},
    {"grey_alpha.png", 0},
    {"grey.png", 0},
    {"grey16.png", 0},
    {"animated.png", 0},
    {"bilevel.png", 0},
    {"palette.png", 0},
    {"palette_transparent.png", 0},
    {"palette.gif", 0},
    {"interlaced.gif", 0},
    {"transparent.gif", 0},
    {"animated.gif", 0},
    {"rgb.bmp", 0},
    {"palette.bmp", 0},
    {"top_down.bmp", 0},
    {"top_down_palette.bmp", 0},
    {"rgb.tga", TGA_FOOTER},
    {"runs.tga", TGA_FOOTER},
    {"grey.tga", TGA_FOOTER},
    {"rgb.ppm", 0},
    {"grey.pgm", 0},
    {"rgb16.ppm", 0},
    {"rgb1000.ppm", 0},
    {"rgb15.ppm", 0},
    {"grey100.pgm", 0},
    {"grey16.pgm", 0},
    {"raw.psd", 0},
    {"runs.psd", 0},
};
enum { GOLDENS = sizeof goldens / sizeof *goldens };

static void assert_refused(const void *bytes, size_t size, dn_status expected, const char *words) {
    dn_image image = {.width = 1, .height = 1};
    dn_error error = {0};
    const dn_status status = dn_image_decode(&image, bytes, size, "some/file", &error);
    if (status != expected) fail_msg("%s instead of %s", dn_status_name(status), dn_status_name(expected));
    assert_int_equal(error.status, status);
    assert_null(image.rgb);
    assert_int_equal(image.width, 0);
    if (!strstr(error.message, "some/file") || !strstr(error.message, words))
        fail_msg("'%s' does not name some/file and '%s'", error.message, words);
}

static const char *golden_path(int i) {
    static char path[128];
    snprintf(path, sizeof path, GOLDEN_PICTURES "/%s", goldens[i].name);
    return path;
}

static void test_every_format_gives_pillows_pixels(void **state) {
    (void)state;
    for (int i = 0; i < GOLDENS; i++) assert_golden_pixels(golden_path(i), 0, NULL);
}

static void test_no_file_is_accepted_when_it_ends_early(void **state) {
    (void)state;
    for (int i = 0; i < GOLDENS; i++) assert_no_beginning_decodes(golden_path(i), goldens[i].tail, 1);
}

static void test_changed_bytes_never_crash_and_never_pass_a_png(void **state) {
    (void)state;
    for (int i = 0; i < GOLDENS; i++)
        assert_changed_bytes_are_harmless(golden_path(i), 400, strstr(goldens[i].name, ".png") != NULL);
}

static void test_trailing_bytes_are_no_part_of_a_picture(void **state) {
    (void)state;
    for (int i = 0; i < GOLDENS; i++) assert_trailing_bytes_are_harmless(golden_path(i));
}

static void test_what_is_no_picture_known_here_is_named(void **state) {
    (void)state;
    static const struct {
        const char *bytes;
        size_t size;
        const char *words;
    } cases[] = {
#define CASE(text, words) {text, sizeof text - 1, words}
        CASE("\0\0\0\x18"
             "ftypisom\0\0\0\0",
             "video"),
        CASE("\0\0\0\x18"
             "ftypcrx \0\0\0\0",
             "a Canon raw picture (CR3)"),
        CASE("DDS |", "DirectDraw"),
        CASE("icns....", "an Apple icon"),
        CASE("%!PS-Adobe-3.0 EPSF-3.0", "PostScript"),
        CASE("\x1a\x45\xdf\xa3....", "WebM"),
        CASE("%PDF-1.4\n", "PDF"),
        CASE("\n <!DOCTYPE html><html>", "HTML"),
        CASE("<html><body>not found", "HTML"),
        CASE("<svg xmlns=", "SVG"),
        CASE("P3\n1 1\n255\n0 0 0\n", "PNM"),
        CASE("#?RADIANCE\n", "Radiance"),
        CASE("version https://git-lfs.github.com/spec/v1\n", "Git LFS"),
        CASE("hello, world\n", "not a picture format known here"),
        CASE("\0", "not a picture format known here"),
#undef CASE
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_refused(cases[i].bytes, cases[i].size, DN_ERR_IMAGE_UNSUPPORTED, cases[i].words);
    assert_refused("", 0, DN_ERR_IMAGE_EMPTY, "empty");
}

static void test_the_kind_is_told_by_content_and_errors_name_the_path(void **state) {
    (void)state;
    char *const folder = make_folder();
    char *const path = dni_path_join(folder, "misleading.jpg");
    const file_bytes png = read_golden("rgb.png");
    dn_image image;
    dn_error error = {0};

    assert_int_equal(dn_image_load(&image, path, &error), DN_ERR_NOT_FOUND);
    assert_non_null(strstr(error.message, path));
    write_whole(path, png.data, png.size);
    assert_int_equal(dn_image_load(&image, path, &error), DN_OK);
    assert_int_equal(image.width, 37);
    dn_image_free(&image);
    dn_image_free(&image); /* a cleared one */
    dn_image_free(NULL);
    write_whole(path, png.data, png.size / 2);
    assert_int_equal(dn_image_load(&image, path, &error), DN_ERR_IMAGE_TRUNCATED);
    assert_non_null(strstr(error.message, path));
    write_whole(path, "", 0);
    assert_int_equal(dn_image_load(&image, path, &error), DN_ERR_IMAGE_EMPTY);
    assert_null(image.rgb);

    free(png.data);
    free(path);
    remove_folder(folder);
}

/* Real pictures of every kind that edge.tsv lists, and the table itself, which is none. */
static void test_every_shared_edge_case_decodes(void **state) {
    (void)state;
    char *const folder = shared_path("data/edge");
    if (!folder) skip();
    dni_listing names;
    dn_error error = {0};
    assert_int_equal(dni_list_folder(&names, folder, &error), DN_OK);
    for (size_t i = 0; i < names.count; i++) {
        char *const path = dni_path_join(folder, names.names[i]);
        dn_image image;
        const dn_status status = dn_image_load(&image, path, &error);
        const int is_table = strcmp(names.names[i], "edge.tsv") == 0;
        if (status != (is_table ? DN_ERR_IMAGE_UNSUPPORTED : DN_OK)) fail_msg("%s", error.message);
        dn_image_free(&image);
        free(path);
    }
    dni_listing_free(&names);
    free(folder);
}

/* What people's cameras and programs write beside the usual: the folder's README names the right outcome. */
static void test_every_shared_odd_file_has_the_right_outcome(void **state) {
    (void)state;
    static const struct {
        const char *name;
        dn_status status;
        const char *words;
    } cases[] = {
        {"sos_se0.jpg", DN_OK, ""},
        {"jfif_major2.jpg", DN_OK, ""},
        {"junk_before_dqt.jpg", DN_OK, ""},
        {"topdown.bmp", DN_OK, ""},
        {"rle8.bmp", DN_ERR_IMAGE_UNSUPPORTED, "a run-length BMP (RLE8) is not supported"},
        {"bomb30000.png", DN_ERR_IMAGE_TOO_LARGE, "30000 x 30000 pixels; the limit is 100000000 pixels"},
        {"idat_bomb.png", DN_ERR_IMAGE_CORRUPT, "far more data than 80 x 60 pixels have"},
    };
    char *const folder = shared_path("cases");
    if (!folder) skip();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *const path = dni_path_join(folder, cases[i].name);
        dn_image image;
        dn_error error = {0};
        if (dn_image_load(&image, path, &error) != cases[i].status || !strstr(error.message, cases[i].words))
            fail_msg("%s: %s", path, error.message);
        dn_image_free(&image);
        free(path);
    }
    free(folder);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_format_gives_pillows_pixels),
        cmocka_unit_test(test_no_file_is_accepted_when_it_ends_early),
        cmocka_unit_test(test_changed_bytes_never_crash_and_never_pass_a_png),
        cmocka_unit_test(test_trailing_bytes_are_no_part_of_a_picture),
        cmocka_unit_test(test_what_is_no_picture_known_here_is_named),
        cmocka_unit_test(test_the_kind_is_told_by_content_and_errors_name_the_path),
        cmocka_unit_test(test_every_shared_edge_case_decodes),
        cmocka_unit_test(test_every_shared_odd_file_has_the_right_outcome),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
