/* SPDX-License-Identifier: MIT */
/* How much memory decoding takes at its peak, each time in a process of its own: a few times what the
 * picture's pixels take, whatever its file announces or unfolds to. */
#include "io/image.h"
#include "test/support/jpegs.h"
#include "test/support/peak.h"
#include "test/support/pictures.h"
#include "test/support/pngs.h"

#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The most that sound files of any format take: PNG with 16 bits a sample, interlaced. */
enum { TIMES_RGB = 8 };

typedef struct encoded_file {
    const void *bytes;
    size_t size;
} encoded_file;

static dn_status decode(const void *context, dn_error *error) {
    const encoded_file *const encoded = context;
    dn_image image;
    return dn_image_decode(&image, encoded->bytes, encoded->size, "some/file", error);
}

static void assert_bounded(const char *what, const void *bytes, size_t size, dn_status expected,
                           size_t limit) {
    const encoded_file encoded = {bytes, size};
    const peak_outcome result = peak_of(decode, &encoded);
    if (result.status != expected)
        fail_msg("%s: %s instead of %s", what, dn_status_name(result.status), dn_status_name(expected));
    if (result.peak > limit + PEAK_ALLOWANCE)
        fail_msg("%s: %zu KB above %zu KB", what, result.peak >> 10, limit >> 10);
}

/* ---- sound files ---- */

enum { WIDTH = 1600, HEIGHT = 1000, PIXELS = WIDTH * HEIGHT, RGB = 3 * PIXELS };

/* A header, and zeros as pixels. */
static void assert_zeros_bounded(const char *what, const void *header, size_t header_size) {
    unsigned char *const file = calloc(header_size + RGB, 1);
    assert_non_null(file);
    memcpy(file, header, header_size);
    assert_bounded(what, file, header_size + RGB, DN_OK, TIMES_RGB * RGB);
    free(file);
}

static void test_a_sound_picture_takes_a_few_times_its_pixels(void **state) {
    (void)state;
    static const char ppm[] = "P6 1600 1000 255\n";
    static const unsigned char tga[18] = {[2] = 2, [12] = 0x40, 6, 0xe8, 3, 24};
    static const unsigned char bmp[54] = {'B', 'M',         [10] = 54, [14] = 40, [18] = 0x40,
                                          6,   [22] = 0xe8, 3,         [26] = 1,  [28] = 24};
    static const unsigned char psd[40] = "8BPS\0\1\0\0\0\0\0\0\0\3\0\0\3\xe8\0\0\6\x40\0\x08\0\3";
    assert_zeros_bounded("PNM", ppm, sizeof ppm - 1);
    assert_zeros_bounded("TGA", tga, sizeof tga);
    assert_zeros_bounded("BMP", bmp, sizeof bmp);
    assert_zeros_bounded("PSD", psd, sizeof psd);
    static const png_recipe pngs[] = {
        {WIDTH, HEIGHT, 8, 2, 0, RGB + HEIGHT},
        {WIDTH, HEIGHT, 16, 6, 0, 8 * PIXELS + HEIGHT},
        {WIDTH, HEIGHT, 16, 6, 1, 8 * PIXELS + 15 * HEIGHT / 8},
        {WIDTH, HEIGHT, 1, 0, 0, PIXELS / 8 + HEIGHT},
    };
    for (size_t i = 0; i < sizeof pngs / sizeof *pngs; i++) {
        const file_bytes png = make_png(&pngs[i]);
        assert_bounded("PNG", png.data, png.size, DN_OK, TIMES_RGB * RGB);
        free(png.data);
    }
    static const jpeg_recipe jpegs[] = {
        {.name = "baseline JPEG", .luma_sampling = 1},
        {.name = "progressive JPEG", .is_progressive = true, .luma_sampling = 1}};
    for (int i = 0; i < 2; i++) {
        const jpeg file = encode_jpeg(&jpegs[i], WIDTH, HEIGHT);
        assert_bounded(jpegs[i].name, file.bytes, file.size, DN_OK, TIMES_RGB * RGB);
        free(file.bytes);
    }
}

/* Those that a library may be missing for: test/golden/io/oracle_formats.py writes them. */
static void test_optional_formats_take_no_more(void **state) {
    (void)state;
    static const struct {
        const char *name;
        dn_status status;
        size_t limit;
    } cases[] = {
        {"lossless.webp", DN_OK, TIMES_RGB * RGB}, {"lossy_alpha.webp", DN_OK, TIMES_RGB * RGB},
        {"deflate.tif", DN_OK, TIMES_RGB * RGB},   {"jpeg.tif", DN_OK, TIMES_RGB * RGB},
        {"one_strip.tif", DN_OK, TIMES_RGB * RGB}, {"announced.tif", DN_ERR_IMAGE_CORRUPT, 0},
        {"flat.heic", DN_OK, TIMES_RGB * RGB},     {"flat.avif", DN_OK, TIMES_RGB * RGB},
        {"coded.heic", DN_ERR_IMAGE_CORRUPT, 0},   {"coded.avif", DN_ERR_IMAGE_CORRUPT, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char path[128];
        snprintf(path, sizeof path, "test/golden/io/large/%s", cases[i].name);
        const file_bytes whole = read_whole(path);
        const encoded_file encoded = {whole.data, whole.size};
        const dn_status status = peak_of(decode, &encoded).status;
        if (status != DN_ERR_IMAGE_UNSUPPORTED)
            assert_bounded(cases[i].name, whole.data, whole.size, cases[i].status, cases[i].limit);
        else
            print_message("%s: not supported by this build\n", cases[i].name);
        free(whole.data);
    }
}

/* ---- others ---- */

static void test_png_data_beyond_the_picture_are_not_unfolded(void **state) {
    (void)state;
    enum { FAR_BEYOND = 200 << 20 };
    for (unsigned char interlace = 0; interlace < 2; interlace++) {
        const png_recipe how = {60, 80, 8, 2, interlace, FAR_BEYOND};
        const file_bytes png = make_png(&how);
        assert_bounded("a bomb", png.data, png.size, DN_ERR_IMAGE_CORRUPT, 4 * png.size);
        free(png.data);
    }
    const png_recipe how = {60, 80, 8, 2, 0, 80 * (3 * 60 + 1) + 1000}; /* a little more is harmless */
    const file_bytes png = make_png(&how);
    assert_bounded("a little more", png.data, png.size, DN_OK, 0);
    free(png.data);
}

/* A file that announces 100 million pixels and ends after its header, or after a little more. */
static void test_a_size_that_is_only_announced_takes_no_memory(void **state) {
    (void)state;
    static const jpeg_recipe jpegs[] = {
        {.name = "baseline JPEG", .luma_sampling = 2},
        {.name = "progressive JPEG", .is_progressive = true, .luma_sampling = 1},
        {.name = "scans", .has_separate_scans = true, .luma_sampling = 1}};
    for (int i = 0; i < 3; i++) {
        const jpeg file = encode_jpeg(&jpegs[i], 64, 64);
        const size_t frame = find_jpeg_marker(&file, i == 1 ? MARKER_SOF2 : MARKER_SOF0);
        memcpy(file.bytes + frame + 5, "\x27\x10\x27\x10", 4);
        assert_bounded(jpegs[i].name, file.bytes, file.size, DN_ERR_IMAGE_CORRUPT, 0);
        if (i == 0) assert_bounded(jpegs[i].name, file.bytes, file.size - 2, DN_ERR_IMAGE_TRUNCATED, 0);
        free(file.bytes);
    }
    const png_recipe how = {10000, 10000, 8, 2, 0, 1000};
    const file_bytes png = make_png(&how);
    assert_bounded("PNG", png.data, png.size, DN_ERR_IMAGE_TRUNCATED, 0);
    free(png.data);
    static const char ppm[] = "P6 10000 10000 255\n.....";
    assert_bounded("PNM", ppm, sizeof ppm, DN_ERR_IMAGE_TRUNCATED, 0);
    static const unsigned char tga[60] = {[2] = 2, [12] = 0x10, 0x27, 0x10, 0x27, 24};
    assert_bounded("TGA", tga, sizeof tga, DN_ERR_IMAGE_TRUNCATED, 0);
    static const unsigned char pic[200] = {0x53, 0x80, 0xf6,        0x34, [88] = 'P', 'I',
                                           'C',  'T',  [92] = 0x27, 0x10, 0x27,       0x10};
    assert_bounded("PIC", pic, sizeof pic, DN_ERR_IMAGE_TRUNCATED, 0);
}

/* One frame of 37 x 29 pixels on a large ground. */
static void test_a_large_gif_with_a_small_frame_takes_a_few_times_its_pixels(void **state) {
    (void)state;
    const file_bytes gif = read_golden("palette.gif");
    memcpy(gif.data + 6, "\x40\6\xe8\3", 4);
    assert_bounded("GIF", gif.data, gif.size, DN_OK, TIMES_RGB * RGB);
    free(gif.data);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_sound_picture_takes_a_few_times_its_pixels),
        cmocka_unit_test(test_optional_formats_take_no_more),
        cmocka_unit_test(test_png_data_beyond_the_picture_are_not_unfolded),
        cmocka_unit_test(test_a_size_that_is_only_announced_takes_no_memory),
        cmocka_unit_test(test_a_large_gif_with_a_small_frame_takes_a_few_times_its_pixels),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
