/* SPDX-License-Identifier: MIT */
/* Which JPEG files are taken: those whose compressed data are all there, whatever their headers say beside
 * that. The files are made here by libjpeg-turbo and then changed by hand. Pillow's pixels are test_image.c's
 * matter. */
#include "io/jpeg.h"
#include "test/support/jpegs.h"

#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

static const jpeg_recipe baseline = {.name = "baseline", .luma_sampling = 1};
static const jpeg_recipe progressive = {.name = "progressive", .is_progressive = true, .luma_sampling = 2};

static const jpeg_recipe huffman_recipes[] = {
    {.name = "baseline", .luma_sampling = 1},
    {.name = "baseline 4:2:0", .luma_sampling = 2},
    {.name = "grey", .is_grey = true, .luma_sampling = 1},
    {.name = "restarts", .restart_interval = 2, .luma_sampling = 1},
    {.name = "separate scans", .has_separate_scans = true, .luma_sampling = 1},
    {.name = "progressive", .is_progressive = true, .luma_sampling = 2},
    {.name = "progressive grey", .is_progressive = true, .is_grey = true, .luma_sampling = 1},
    {.name = "progressive with restarts", .is_progressive = true, .restart_interval = 3, .luma_sampling = 1},
};
enum { HUFFMAN_RECIPES = sizeof huffman_recipes / sizeof *huffman_recipes, WIDTH = 40, HEIGHT = 24 };

/* ---- checking ---- */

/* Decodes a file, takes it over, and requires the pixels of `expected`. */
static void assert_same_pixels(const char *what, jpeg file, const jpeg *expected) {
    dn_image image, reference;
    dn_error error = {0};
    assert_int_equal(dn_image_decode(&reference, expected->bytes, expected->size, "reference", &error),
                     DN_OK);
    if (dn_image_decode(&image, file.bytes, file.size, what, &error)) fail_msg("%s", error.message);
    assert_int_equal(image.width, reference.width);
    assert_int_equal(image.height, reference.height);
    if (memcmp(image.rgb, reference.rgb, 3 * (size_t)image.width * (size_t)image.height) != 0)
        fail_msg("%s: other pixels", what);
    dn_image_free(&image);
    dn_image_free(&reference);
    free(file.bytes);
}

/* Takes the file over. */
static void assert_refused(const char *what, jpeg file, dn_status expected, const char *words) {
    dn_image image;
    dn_error error = {0};
    const dn_status status = dn_image_decode(&image, file.bytes, file.size, what, &error);
    if (status != expected)
        fail_msg("%s: %s instead of %s (%s)", what, dn_status_name(status), dn_status_name(expected),
                 error.message);
    if (!strstr(error.message, words)) fail_msg("'%s' does not say '%s'", error.message, words);
    assert_null(image.rgb);
    free(file.bytes);
}

/* ---- what is harmless ---- */

/* Some phones write 0, 0 there, which mean something in progressive files alone. */
static void test_the_spectral_range_of_a_sequential_scan_means_nothing(void **state) {
    (void)state;
    static const char ranges[][3] = {{0, 0, 0}, {1, 63, 0}, {0, 5, 0x11}};
    const jpeg file = encode_jpeg(&baseline, WIDTH, HEIGHT);
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++)
        assert_same_pixels("range", splice_jpeg(&file, find_jpeg_scan_data(&file) - 3, 3, ranges[i], 3),
                           &file);
    free(file.bytes);
}

static void test_the_version_of_the_jfif_marker_means_nothing(void **state) {
    (void)state;
    const jpeg file = encode_jpeg(&baseline, WIDTH, HEIGHT);
    assert_same_pixels("version 2.1", splice_jpeg(&file, 11, 1, "\2", 1), &file);
    assert_same_pixels("version 255.1", splice_jpeg(&file, 11, 1, "\xff", 1), &file);
    free(file.bytes);
}

static void test_stray_bytes_before_a_header_are_skipped(void **state) {
    (void)state;
    static const struct {
        const char *bytes;
        size_t size;
    } strays[] = {{"\x11\x22\x33", 3}, {"\0", 1}, {"\x11\xff\0\x22", 4}, {"\xff\xff\xff", 3}};
    static const int markers[] = {MARKER_DQT, MARKER_DHT, MARKER_SOS};
    for (int kind = 0; kind < 2; kind++) {
        const jpeg file = encode_jpeg(kind ? &progressive : &baseline, WIDTH, HEIGHT);
        for (size_t s = 0; s < sizeof strays / sizeof *strays; s++) {
            for (size_t m = 0; m < sizeof markers / sizeof *markers; m++)
                assert_same_pixels("stray bytes",
                                   splice_jpeg(&file, find_jpeg_marker(&file, markers[m]), 0, strays[s].bytes,
                                               strays[s].size),
                                   &file);
            assert_same_pixels("stray bytes before the frame",
                               splice_jpeg(&file, find_jpeg_marker(&file, kind ? MARKER_SOF2 : MARKER_SOF0),
                                           0, strays[s].bytes, strays[s].size),
                               &file);
        }
        free(file.bytes);
    }
}

static void test_an_unknown_colour_transform_of_the_adobe_marker_is_the_usual_one(void **state) {
    (void)state;
    static const char adobe[] =
        "\xff\xee\0\x0e"
        "Adobe\0\x64\0\0\0\0\7";
    const jpeg file = encode_jpeg(&baseline, WIDTH, HEIGHT);
    const size_t jfif_size = 18;
    assert_same_pixels("transform 7", splice_jpeg(&file, 2, jfif_size, adobe, sizeof adobe - 1), &file);
    assert_same_pixels("a short marker", splice_jpeg(&file, 2, 0, "\xff\xee\0\7Adobe", 9), &file);
    free(file.bytes);
}

static void test_odd_but_valid_segments_are_read_over(void **state) {
    (void)state;
    static const struct {
        const char *what, *bytes;
        size_t size;
    } segments[] = {
        {"an empty comment", "\xff\xfe\0\2", 4},
        {"a short application marker", "\xff\xe1\0\5Exi", 7},
        {"a restart interval of 0", "\xff\xdd\0\4\0\0", 6},
        {"a restart interval above the picture", "\xff\xdd\0\4\xff\xff", 6},
    };
    const jpeg file = encode_jpeg(&baseline, WIDTH, HEIGHT);
    for (size_t i = 0; i < sizeof segments / sizeof *segments; i++)
        assert_same_pixels(segments[i].what, splice_jpeg(&file, 2, 0, segments[i].bytes, segments[i].size),
                           &file);
    free(file.bytes);
}

static void test_quantisation_tables_of_16_bits_are_fine_in_baseline(void **state) {
    (void)state;
    enum { ENTRIES = 64, NARROW = 2 + 2 + 1 + ENTRIES, WIDE = NARROW + ENTRIES };
    const jpeg file = encode_jpeg(&baseline, WIDTH, HEIGHT);
    const size_t at = find_jpeg_marker(&file, MARKER_DQT);
    unsigned char wide[WIDE] = {0xFF, MARKER_DQT, 0, WIDE - 2, (unsigned char)(0x10 | file.bytes[at + 4])};
    for (size_t i = 0; i < ENTRIES; i++) wide[6 + 2 * i] = file.bytes[at + 5 + i];
    assert_same_pixels("16-bit table", splice_jpeg(&file, at, NARROW, wide, WIDE), &file);
    free(file.bytes);
}

/* Cameras pad, append previews and whole further pictures. */
static void test_what_follows_the_picture_is_no_part_of_it(void **state) {
    (void)state;
    for (int i = 0; i < HUFFMAN_RECIPES; i++) {
        const jpeg file = encode_jpeg(&huffman_recipes[i], WIDTH, HEIGHT);
        const size_t end = file.size - 2;
        assert_same_pixels("zeros before the end", splice_jpeg(&file, end, 0, "\0\0\0\0\0\0", 6), &file);
        assert_same_pixels("fill bytes before the end", splice_jpeg(&file, end, 0, "\xff\xff\xff", 3), &file);
        assert_same_pixels("a restart marker before the end", splice_jpeg(&file, end, 0, "\xff\xd0", 2),
                           &file);
        assert_same_pixels("a tail", splice_jpeg(&file, file.size, 0, "tail", 4), &file);
        assert_same_pixels("a second picture", splice_jpeg(&file, file.size, 0, file.bytes, file.size),
                           &file);
        free(file.bytes);
    }
}

/* Motion JPEG's frames leave out the standard's Huffman tables. */
static void test_the_standard_huffman_tables_may_be_left_out(void **state) {
    (void)state;
    const jpeg file = encode_jpeg(&baseline, WIDTH, HEIGHT);
    jpeg without = splice_jpeg(&file, 0, 0, "", 0);
    for (int table = 0; table < 4; table++) {
        const size_t at = find_jpeg_marker(&without, MARKER_DHT);
        const size_t size = 2 + ((size_t)without.bytes[at + 2] << 8 | without.bytes[at + 3]);
        const jpeg shorter = splice_jpeg(&without, at, size, "", 0);
        free(without.bytes);
        without = shorter;
    }
    assert_same_pixels("no tables", without, &file);
    free(file.bytes);
}

/* ---- what is damage ---- */

static void test_no_scan_is_taken_that_was_cut_anywhere(void **state) {
    (void)state;
    for (int i = 0; i < HUFFMAN_RECIPES; i++) {
        const jpeg file = encode_jpeg(&huffman_recipes[i], WIDTH, HEIGHT);
        const size_t end = file.size - 2;
        for (size_t at = find_jpeg_scan_data(&file); at < end; at++) {
            const jpeg cut = {file.bytes, at}, closed = splice_jpeg(&file, at, end - at, "", 0);
            dn_image image;
            dn_error error = {0};
            if (dn_image_decode(&image, cut.bytes, cut.size, "cut", &error) != DN_ERR_IMAGE_TRUNCATED)
                fail_msg("%s, %zu of %zu bytes: %s", huffman_recipes[i].name, at, end, error.message);
            const dn_status status = dn_image_decode(&image, closed.bytes, closed.size, "closed", &error);
            if (status != DN_ERR_IMAGE_TRUNCATED && status != DN_ERR_IMAGE_CORRUPT)
                fail_msg("%s, %zu of %zu bytes and an end marker: %s", huffman_recipes[i].name, at, end,
                         status ? error.message : "accepted");
            assert_null(image.rgb);
            free(closed.bytes);
        }
        free(file.bytes);
    }
}

/* With arithmetic coding the decoder completes data that are cut before an end marker by zeros, without a
 * word: the standard lets encoders leave zeros out at the end. */
static void test_arithmetic_coding_is_read_and_not_without_its_end(void **state) {
    (void)state;
    const jpeg_recipe how = {.name = "arithmetic", .is_arithmetic = true, .luma_sampling = 1};
    const jpeg file = encode_jpeg(&how, WIDTH, HEIGHT), huffman = encode_jpeg(&baseline, WIDTH, HEIGHT);
    assert_same_pixels("arithmetic", splice_jpeg(&file, 0, 0, "", 0), &huffman);
    for (size_t at = find_jpeg_scan_data(&file); at < file.size; at++)
        assert_refused("cut", splice_jpeg(&file, at, file.size - at, "", 0), DN_ERR_IMAGE_TRUNCATED,
                       "ends early");
    free(huffman.bytes);
    free(file.bytes);
}

static void test_damage_inside_a_scan_is_refused(void **state) {
    (void)state;
    const jpeg file = encode_jpeg(&baseline, WIDTH, HEIGHT);
    const size_t middle = (find_jpeg_scan_data(&file) + file.size) / 2;
    assert_refused("no Huffman code", splice_jpeg(&file, middle, 10, "\xff\0\xff\0\xff\0\xff\0\xff\0", 10),
                   DN_ERR_IMAGE_CORRUPT, "broken");
    assert_refused("an end marker", splice_jpeg(&file, middle, 2, "\xff\xd9", 2), DN_ERR_IMAGE_CORRUPT,
                   "broken");
    assert_refused("another header", splice_jpeg(&file, middle, 4, "\xff\xfe\0\2", 4), DN_ERR_IMAGE_CORRUPT,
                   "broken");
    free(file.bytes);
}

static size_t find_restart(const jpeg *file, int number) {
    for (size_t at = find_jpeg_scan_data(file); at + 1 < file->size; at++)
        if (file->bytes[at] == 0xFF && file->bytes[at + 1] == MARKER_RST0 + number) return at;
    fail_msg("no restart marker %d", number);
    return 0;
}

static void test_a_lost_restart_interval_is_refused(void **state) {
    (void)state;
    const jpeg_recipe how = {.name = "restarts", .restart_interval = 2, .luma_sampling = 1};
    const jpeg file = encode_jpeg(&how, WIDTH, HEIGHT);
    const size_t second = find_restart(&file, 1), third = find_restart(&file, 2);
    assert_refused("an interval lost", splice_jpeg(&file, second, third - second, "", 0),
                   DN_ERR_IMAGE_CORRUPT, "instead of RST1");
    assert_refused("bytes left over", splice_jpeg(&file, second, 0, "more than the decoder reads ahead", 33),
                   DN_ERR_IMAGE_CORRUPT, "extraneous bytes");
    assert_refused("another number", splice_jpeg(&file, second + 1, 1, "\xd5", 1), DN_ERR_IMAGE_CORRUPT,
                   "instead of RST1");
    free(file.bytes);
}

/* Without one of its scans a file is sound from header to header, but its pixels are coarse or grey. */
static void test_a_file_without_one_of_its_scans_is_refused(void **state) {
    (void)state;
    const jpeg_recipe several[] = {{.name = "separate scans", .has_separate_scans = true, .luma_sampling = 1},
                                   progressive};
    for (int i = 0; i < 2; i++) {
        const jpeg file = encode_jpeg(&several[i], WIDTH, HEIGHT);
        const size_t end = file.size - 2;
        for (size_t at = find_jpeg_scan_data(&file); at + 1 < end; at++) {
            if (file.bytes[at] != 0xFF || file.bytes[at + 1] == 0) continue;
            assert_refused("the last scans missing", splice_jpeg(&file, at, end - at, "", 0),
                           DN_ERR_IMAGE_TRUNCATED, "scans are missing");
            break;
        }
        free(file.bytes);
    }
}

/* ---- kinds and sizes ---- */

/* A copy of a baseline file with bytes of its frame header changed. */
static jpeg with_frame(size_t offset, const char *bytes, size_t count) {
    const jpeg file = encode_jpeg(&baseline, WIDTH, HEIGHT);
    const jpeg out = splice_jpeg(&file, find_jpeg_marker(&file, MARKER_SOF0) + offset, count, bytes, count);
    free(file.bytes);
    return out;
}

static void test_kinds_without_decoder_are_named(void **state) {
    (void)state;
    static const struct {
        size_t offset;
        const char *byte, *words;
    } kinds[] = {
        {4, "\x0c", "12-bit JPEG is not supported"},
        {1, "\xc3", "lossless JPEG is not supported"},
        {1, "\xc5", "hierarchical JPEG is not supported"},
        {1, "\xc7", "hierarchical lossless JPEG is not supported"},
        {1, "\xcb", "arithmetic-coded lossless JPEG is not supported"},
        {1, "\xcd", "arithmetic-coded hierarchical JPEG is not supported"},
    };
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        assert_refused("some/file", with_frame(kinds[i].offset, kinds[i].byte, 1), DN_ERR_IMAGE_UNSUPPORTED,
                       kinds[i].words);
    assert_refused("some/file", with_frame(5, "\0\0", 2), DN_ERR_IMAGE_UNSUPPORTED, "DNL");
    assert_refused("some/file", encode_jpeg_colours(&baseline, WIDTH, HEIGHT, JCS_UNKNOWN, 2),
                   DN_ERR_IMAGE_UNSUPPORTED, "a JPEG of 2 components is not supported");
}

static void test_sizes_above_the_limit_are_named(void **state) {
    (void)state;
    assert_refused("some/file", with_frame(5, "\xff\xdc\xff\xdc", 4), DN_ERR_IMAGE_TOO_LARGE,
                   "some/file: too large: 65500 x 65500 pixels; the limit is 100000000 pixels");
    assert_refused("some/file", with_frame(5, "\xff\xff\0\1", 4), DN_ERR_IMAGE_TOO_LARGE,
                   "some/file: too large: 1 x 65535 pixels; the limit of a side is 65500 pixels");
}

/* Each scan is read over the whole picture, however few bytes it has. */
static void test_a_file_of_very_many_scans_is_refused(void **state) {
    (void)state;
    const jpeg_recipe how = {.name = "separate scans", .has_separate_scans = true, .luma_sampling = 1};
    const jpeg file = encode_jpeg(&how, WIDTH, HEIGHT);
    const size_t scan = find_jpeg_marker(&file, MARKER_SOS), end = file.size - 2;
    jpeg many = splice_jpeg(&file, 0, 0, "", 0);
    for (int i = 0; i < 200; i++) {
        const jpeg longer = splice_jpeg(&many, many.size - 2, 0, file.bytes + scan, end - scan);
        free(many.bytes);
        many = longer;
    }
    assert_refused("some/file", many, DN_ERR_IMAGE_CORRUPT, "more than 500 scans");
    free(file.bytes);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_spectral_range_of_a_sequential_scan_means_nothing),
        cmocka_unit_test(test_the_version_of_the_jfif_marker_means_nothing),
        cmocka_unit_test(test_stray_bytes_before_a_header_are_skipped),
        cmocka_unit_test(test_an_unknown_colour_transform_of_the_adobe_marker_is_the_usual_one),
        cmocka_unit_test(test_odd_but_valid_segments_are_read_over),
        cmocka_unit_test(test_quantisation_tables_of_16_bits_are_fine_in_baseline),
        cmocka_unit_test(test_what_follows_the_picture_is_no_part_of_it),
        cmocka_unit_test(test_the_standard_huffman_tables_may_be_left_out),
        cmocka_unit_test(test_no_scan_is_taken_that_was_cut_anywhere),
        cmocka_unit_test(test_arithmetic_coding_is_read_and_not_without_its_end),
        cmocka_unit_test(test_damage_inside_a_scan_is_refused),
        cmocka_unit_test(test_a_lost_restart_interval_is_refused),
        cmocka_unit_test(test_a_file_without_one_of_its_scans_is_refused),
        cmocka_unit_test(test_kinds_without_decoder_are_named),
        cmocka_unit_test(test_sizes_above_the_limit_are_named),
        cmocka_unit_test(test_a_file_of_very_many_scans_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
