/* SPDX-License-Identifier: MIT */
/* What the headers of BMP, PNG, GIF, TGA, PSD, PIC and PNM files decide before anything is decoded: kinds
 * without decoder, sizes above the limit, files that are too short for what they announce. */
#include "io/image.h"
#include "test/support/pictures.h"
#include "test/support/pngs.h"

#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void assert_refused(const void *bytes, size_t size, dn_status expected, const char *words) {
    /* a block of its own, so that the address sanitizer sees reads behind it */
    unsigned char *const copy = malloc(size);
    assert_non_null(copy);
    memcpy(copy, bytes, size);
    dn_image image;
    dn_error error = {0};
    const dn_status status = dn_image_decode(&image, copy, size, "some/file", &error);
    if (status != expected)
        fail_msg("%s instead of %s (%s)", dn_status_name(status), dn_status_name(expected), words);
    if (strncmp(error.message, "some/file: ", 11) != 0 || !strstr(error.message, words))
        fail_msg("'%s' does not name some/file and '%s'", error.message, words);
    assert_null(image.rgb);
    free(copy);
}

static void put(unsigned char *bytes, uint32_t value, int count) {
    for (int i = 0; i < count; i++) bytes[i] = (unsigned char)(value >> 8 * i);
}

static void put_big(unsigned char *bytes, uint32_t value, int count) {
    for (int i = 0; i < count; i++) bytes[i] = (unsigned char)(value >> 8 * (count - 1 - i));
}

/* ---- kinds ---- */

/* A golden BMP, with one number of its header changed. */
static void assert_bmp_refused(size_t at, uint32_t value, int count, const char *words) {
    const file_bytes file = read_golden("rgb.bmp");
    put(file.data + at, value, count);
    assert_refused(file.data, file.size, DN_ERR_IMAGE_UNSUPPORTED, words);
    free(file.data);
}

static void test_bmp_kinds_without_decoder_are_named(void **state) {
    (void)state;
    enum { PIXELS = 10, HEADER = 14, DEPTH = 28, COMPRESSION = 30 };
    assert_bmp_refused(COMPRESSION, 1, 4, "a run-length BMP (RLE8) is not supported");
    assert_bmp_refused(COMPRESSION, 2, 4, "a run-length BMP (RLE4) is not supported");
    assert_bmp_refused(COMPRESSION, 4, 4, "a BMP that holds a JPEG is not supported");
    assert_bmp_refused(COMPRESSION, 5, 4, "a BMP that holds a PNG is not supported");
    assert_bmp_refused(COMPRESSION, 9, 4, "a BMP of compression 9 is not supported");
    assert_bmp_refused(HEADER, 64, 4, "a BMP with an information header of 64 bytes is not supported");
    assert_bmp_refused(DEPTH, 2, 2, "a BMP of 2 bits a pixel is not supported");
    assert_bmp_refused(PIXELS, 55, 4, "a BMP with a gap before its pixels is not supported");
}

/* stb_image would take its last four colours from nowhere. */
static void test_an_os2_bmp_with_a_palette_is_refused_by_name(void **state) {
    (void)state;
    enum { PALETTE = 26, COLOURS = 256, PIXELS = PALETTE + 3 * COLOURS };
    unsigned char bmp[PIXELS + 4] = "BM";
    put(bmp + 10, PIXELS, 4);
    put(bmp + 14, 12, 4);
    put(bmp + 18, 1, 2);
    put(bmp + 20, 1, 2);
    put(bmp + 22, 1, 2);
    put(bmp + 24, 8, 2);
    assert_refused(bmp, sizeof bmp, DN_ERR_IMAGE_UNSUPPORTED, "an OS/2 BMP with a palette is not supported");
}

static void assert_psd_refused(size_t at, uint32_t value, const char *words) {
    const file_bytes file = read_golden("raw.psd");
    put_big(file.data + at, value, 2);
    assert_refused(file.data, file.size, DN_ERR_IMAGE_UNSUPPORTED, words);
    free(file.data);
}

static void test_psd_kinds_without_decoder_are_named(void **state) {
    (void)state;
    enum { VERSION = 4, CHANNELS = 12, DEPTH = 22, MODE = 24, COMPRESSION = 38 };
    assert_psd_refused(VERSION, 2, "a PSD picture of version 2 is not supported");
    assert_psd_refused(MODE, 4, "a PSD picture of colour mode 4 (CMYK) is not supported");
    assert_psd_refused(MODE, 1, "a PSD picture of colour mode 1 (grey) is not supported");
    assert_psd_refused(MODE, 77, "a PSD picture of colour mode 77 (unknown) is not supported");
    assert_psd_refused(DEPTH, 32, "a PSD picture of 32 bits a sample is not supported");
    assert_psd_refused(CHANNELS, 17, "a PSD picture of 17 channels is not supported");
    assert_psd_refused(COMPRESSION, 2, "a PSD picture compressed by zip is not supported");
}

static void test_other_kinds_without_decoder_are_named(void **state) {
    (void)state;
    static const char apple[] =
        "\x89PNG\r\n\x1a\n"
        "\0\0\0\4CgBI\x50\0\x20\2\x2b\xd5\xb3\x7f"
        "\0\0\0\0IEND\xae\x42\x60\x82";
    static const char none[] = "P5\n2 1\n0\n\1\2", high[] = "P6\n1 1\n65536\n\0\1\0\2\0\3";
    assert_refused(apple, sizeof apple, DN_ERR_IMAGE_UNSUPPORTED,
                   "Apple's variant of PNG (CgBI) is not supported");
    assert_refused(none, sizeof none - 1, DN_ERR_IMAGE_CORRUPT, "values up to 0, not 1 to 65535");
    assert_refused(high, sizeof high - 1, DN_ERR_IMAGE_CORRUPT, "values up to 65536, not 1 to 65535");
}

/* ---- sizes ---- */

/* A golden file of that name, or PIC for NULL, which announces another size. */
static file_bytes with_size(const char *name, size_t width_at, size_t height_at, int count, bool is_big,
                            uint32_t width, uint32_t height) {
    file_bytes file = {NULL, 200};
    if (name) {
        file = read_golden(name);
    } else {
        file.data = calloc(file.size, 1);
        assert_non_null(file.data);
        memcpy(file.data, "\x53\x80\xf6\x34", 4);
        memcpy(file.data + 88, "PICT", 4);
    }
    (is_big ? put_big : put)(file.data + width_at, width, count);
    (is_big ? put_big : put)(file.data + height_at, height, count);
    if (name && strstr(name, ".png")) sign_png_header(file.data);
    return file;
}

static const struct {
    const char *name;
    size_t width_at, height_at;
    int count;
    bool is_big;
} places[] = {
    {"rgb.png", 16, 20, 4, true},  {"palette.gif", 6, 8, 2, false}, {"rgb.bmp", 18, 22, 4, false},
    {"rgb.tga", 12, 14, 2, false}, {"runs.tga", 12, 14, 2, false},  {"raw.psd", 18, 14, 4, true},
    {"runs.psd", 18, 14, 4, true}, {NULL, 92, 94, 2, true},
};
enum { PLACES = sizeof places / sizeof *places };

static void assert_size_refused(int place, uint32_t width, uint32_t height, dn_status expected,
                                const char *words) {
    const file_bytes file = with_size(places[place].name, places[place].width_at, places[place].height_at,
                                      places[place].count, places[place].is_big, width, height);
    assert_refused(file.data, file.size, expected, words);
    free(file.data);
}

static void test_a_size_above_the_limit_is_named_with_the_limit(void **state) {
    (void)state;
    for (int i = 0; i < PLACES; i++)
        assert_size_refused(i, 30000, 30001, DN_ERR_IMAGE_TOO_LARGE,
                            "too large: 30000 x 30001 pixels; the limit is 100000000 pixels");
    static const char pnm[] = "P6\n30000 30001\n255\n...";
    assert_refused(pnm, sizeof pnm, DN_ERR_IMAGE_TOO_LARGE, "too large: 30000 x 30001 pixels");
    assert_size_refused(0, UINT32_MAX, UINT32_MAX, DN_ERR_IMAGE_TOO_LARGE, "4294967295 x 4294967295 pixels");
    assert_size_refused(2, 10, 0x80000000, DN_ERR_IMAGE_TOO_LARGE,
                        "10 x 2147483648 pixels"); /* upside down */
}

static void test_a_size_of_no_pixels_is_refused(void **state) {
    (void)state;
    for (int i = 0; i < PLACES; i++)
        if (!places[i].name ||
            !strstr(places[i].name, ".tga")) /* which is then no TGA, for it has no signature */
            assert_size_refused(i, 0, 10, DN_ERR_IMAGE_CORRUPT, "a picture of 0 x 10 pixels");
    assert_size_refused(2, (uint32_t)-10, 10, DN_ERR_IMAGE_CORRUPT, "a picture of -10 x 10 pixels");
}

/* All but GIF, whose frames may leave most of a picture out. */
static void test_a_file_too_short_for_its_size_ends_early(void **state) {
    (void)state;
    for (int i = 0; i < PLACES; i++)
        if (!places[i].name || strcmp(places[i].name, "palette.gif") != 0)
            assert_size_refused(i, 10000, 10000, DN_ERR_IMAGE_TRUNCATED, "ends early");
    static const char pnm[] = "P6\n10000 10000\n255\n...";
    assert_refused(pnm, sizeof pnm, DN_ERR_IMAGE_TRUNCATED, "ends early");
}

/* ---- what must be read ---- */

/* The rows of a golden BMP in the other order, and a negative height, are the same picture. */
static void test_a_bmp_may_begin_with_its_topmost_row(void **state) {
    (void)state;
    static const char *const names[] = {"rgb.bmp", "palette.bmp"};
    for (int n = 0; n < 2; n++) {
        const file_bytes file = read_golden(names[n]), copy = read_golden(names[n]);
        const size_t pixels = little_endian(file.data + 10), height = little_endian(file.data + 22);
        const size_t row = (file.size - pixels) / height;
        put(copy.data + 22, (uint32_t) - (int32_t)height, 4);
        for (size_t y = 0; y < height; y++)
            memcpy(copy.data + pixels + y * row, file.data + pixels + (height - 1 - y) * row, row);
        dn_image upward, downward;
        dn_error error = {0};
        assert_int_equal(dn_image_decode(&upward, file.data, file.size, names[n], &error), DN_OK);
        if (dn_image_decode(&downward, copy.data, copy.size, names[n], &error)) fail_msg("%s", error.message);
        assert_int_equal(downward.width, upward.width);
        assert_int_equal(downward.height, (int)height);
        assert_memory_equal(downward.rgb, upward.rgb, 3 * (size_t)upward.width * height);
        dn_image_free(&upward);
        dn_image_free(&downward);
        free(copy.data);
        free(file.data);
    }
}

/* Red, green and blue without compression. */
static void test_a_pic_is_read_and_not_when_it_is_cut(void **state) {
    (void)state;
    enum { WIDTH = 6, HEIGHT = 4, PACKETS = 104, PIXELS = PACKETS + 4, SAMPLES = 3 * WIDTH * HEIGHT };
    file_bytes file = with_size(NULL, 92, 94, 2, true, WIDTH, HEIGHT);
    memcpy(file.data + PACKETS, "\0\x08\0\xe0", 4);
    for (int i = 0; i < SAMPLES; i++) file.data[PIXELS + i] = (unsigned char)(3 * i);
    dn_image image;
    dn_error error = {0};
    if (dn_image_decode(&image, file.data, PIXELS + SAMPLES, "pic", &error)) fail_msg("%s", error.message);
    assert_int_equal(image.width, WIDTH);
    assert_int_equal(image.height, HEIGHT);
    assert_memory_equal(image.rgb, file.data + PIXELS, SAMPLES);
    dn_image_free(&image);
    for (size_t size = PIXELS; size < PIXELS + SAMPLES; size++)
        assert_refused(file.data, size, DN_ERR_IMAGE_TRUNCATED, "ends early");
    memcpy(file.data + PACKETS, "\0\x08\2\xe0\xff", 5); /* a run longer than the row */
    assert_refused(file.data, file.size, DN_ERR_IMAGE_CORRUPT, "broken");
    free(file.data);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bmp_kinds_without_decoder_are_named),
        cmocka_unit_test(test_an_os2_bmp_with_a_palette_is_refused_by_name),
        cmocka_unit_test(test_psd_kinds_without_decoder_are_named),
        cmocka_unit_test(test_other_kinds_without_decoder_are_named),
        cmocka_unit_test(test_a_size_above_the_limit_is_named_with_the_limit),
        cmocka_unit_test(test_a_size_of_no_pixels_is_refused),
        cmocka_unit_test(test_a_file_too_short_for_its_size_ends_early),
        cmocka_unit_test(test_a_bmp_may_begin_with_its_topmost_row),
        cmocka_unit_test(test_a_pic_is_read_and_not_when_it_is_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
