/* SPDX-License-Identifier: MIT */
/* The form that prepare gives to pictures, compared with Pillow (test/golden/io/oracle_form.py); and what is
 * drawn for them.
 *
 * Tolerance of pixels: one level of 256, and eight at the outermost pixels of the resized picture, for the
 * reasons that test/io/test_preprocess.c gives. After JPEG the pixels are the same to the bit, because
 * Pillow encodes with the same library. */
#include "ftrain/prepare/form.h"

#include "test/support/pictures.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define FOLDER "test/golden/io/form/"

static dn_image read_pixels(const char *name) {
    char path[128];
    snprintf(path, sizeof path, FOLDER "%s.rgb", name);
    const file_bytes file = read_whole(path);
    dn_image image = {.width = (int)little_endian(file.data), .height = (int)little_endian(file.data + 4)};
    const size_t size = 3 * (size_t)image.width * (size_t)image.height;
    assert_int_equal(file.size, 8 + size);
    image.rgb = malloc(size);
    assert_non_null(image.rgb);
    memcpy(image.rgb, file.data + 8, size);
    free(file.data);
    return image;
}

static dn_image load(const char *path) {
    dn_image image;
    dn_error error;
    if (dn_image_load(&image, path, &error)) fail_msg("%s", error.message);
    return image;
}

static void assert_formed(const char *folder, const char *name, int side, bool square) {
    char path[128], golden[64];
    snprintf(path, sizeof path, "test/golden/io/%s/%s", folder, name);
    snprintf(golden, sizeof golden, "%s.%d-%s", name, side, square ? "square" : "ratio");
    const form form_of = {.side = side, .no_crop = !square};
    dn_image in = load(path), want = read_pixels(golden), out;
    double scale;
    dn_error error;
    if (form_apply(&form_of, &in, &out, &scale, &error)) fail_msg("%s: %s", golden, error.message);
    assert_int_equal(out.width, want.width);
    assert_int_equal(out.height, want.height);
    assert_true(scale > 0 && scale <= 1.2);
    for (int y = 0; y < out.height; y++)
        for (int x = 0; x < out.width; x++)
            for (int c = 0; c < 3; c++) {
                const int i = 3 * (y * out.width + x) + c, off = abs(out.rgb[i] - want.rgb[i]);
                const bool border = x == 0 || y == 0 || x == out.width - 1 || y == out.height - 1;
                if (off > (border ? 8 : 1)) fail_msg("%s: %d levels off at (%d, %d)", golden, off, x, y);
            }
    dn_image_free(&in);
    dn_image_free(&want);
    dn_image_free(&out);
}

static void test_pixels_are_pillows(void **state) {
    (void)state;
    static const char *const pictures[][2] = {{"pictures", "photo.jpg"},
                                              {"pictures", "tall.png"},
                                              {"pictures", "grey.jpg"},
                                              {"pictures", "cmyk.jpg"},
                                              {"orientation", "large_6.jpg"}};
    for (size_t i = 0; i < sizeof pictures / sizeof *pictures; i++)
        for (int side = 24; side <= 28; side += 4) {
            assert_formed(pictures[i][0], pictures[i][1], side, true);
            assert_formed(pictures[i][0], pictures[i][1], side, false);
        }
}

static void test_subsampling_and_quality_are_pillows(void **state) {
    (void)state;
    dn_image photo = load("test/golden/io/pictures/photo.jpg");
    dn_image part = {.width = 64, .height = 48, .rgb = malloc(3 * 64 * 48)};
    for (int y = 0; y < 48; y++) memcpy(part.rgb + 3 * 64 * y, photo.rgb + 3 * photo.width * y, 3 * 64);
    for (int fine = 0; fine < 2; fine++) {
        unsigned char *bytes;
        size_t size;
        dn_image decoded, want = read_pixels(fine ? "444" : "420");
        assert_int_equal(
            dni_jpeg_encode(&bytes, &size, &part, 83, fine ? DNI_CHROMA_444 : DNI_CHROMA_420, NULL), DN_OK);
        assert_int_equal(dn_image_decode(&decoded, bytes, size, "again", NULL), DN_OK);
        assert_memory_equal(decoded.rgb, want.rgb, 3 * 64 * 48);
        dn_image_free(&decoded);
        dn_image_free(&want);
        free(bytes);
    }
    dn_image_free(&part);
    dn_image_free(&photo);
}

static void test_a_picture_is_enlarged_only_on_request(void **state) {
    (void)state;
    dn_image small = load("test/golden/io/pictures/grey.jpg"), out;
    form wanted = {.side = 64};
    double scale;
    dn_error error;
    assert_int_equal(form_apply(&wanted, &small, &out, &scale, &error), DN_ERR_IMAGE_UNSUPPORTED);
    assert_string_equal(error.message,
                        "37 x 29 pixels: too small for --side 64, and not enlarged without --enlarge");
    wanted.enlarge = true;
    assert_int_equal(form_apply(&wanted, &small, &out, &scale, &error), DN_OK);
    assert_int_equal(out.width, 64);
    assert_int_equal(out.height, 64);
    dn_image_free(&out);
    dn_image_free(&small);
}

/* Each of 11 qualities and 2 subsamplings is drawn 1000 of 22000 times; the standard deviation of a count is
 * 31, and 160 are five of them. */
static void test_draws_are_even_and_hang_on_the_key_and_the_seed(void **state) {
    (void)state;
    form wanted = {.lowest_quality = 80, .highest_quality = 90, .seed = 1};
    int counts[11][2] = {{0}}, changed = 0;
    for (uint32_t i = 0; i < 22000; i++) {
        const dni_key key = dni_key_of_bytes(&i, sizeof i);
        const form_encoding drawn = form_draw(&wanted, &key), again = form_draw(&wanted, &key);
        assert_int_equal(drawn.quality, again.quality);
        assert_int_equal(drawn.chroma, again.chroma);
        assert_in_range(drawn.quality, 80, 90);
        counts[drawn.quality - 80][drawn.chroma == DNI_CHROMA_444]++;
        form other = wanted;
        other.seed = 2;
        changed += form_draw(&other, &key).quality != drawn.quality;
    }
    for (int quality = 0; quality < 11; quality++)
        for (int fine = 0; fine < 2; fine++) assert_in_range(counts[quality][fine], 840, 1160);
    assert_in_range(changed, 19000, 21000); /* 10 of 11 */

    wanted.subsampling = FORM_444;
    const dni_key key = dni_key_of_bytes("a", 1);
    assert_int_equal(form_draw(&wanted, &key).chroma, DNI_CHROMA_444);
    wanted.subsampling = FORM_420;
    assert_int_equal(form_draw(&wanted, &key).chroma, DNI_CHROMA_420);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pixels_are_pillows),
        cmocka_unit_test(test_subsampling_and_quality_are_pillows),
        cmocka_unit_test(test_a_picture_is_enlarged_only_on_request),
        cmocka_unit_test(test_draws_are_even_and_hang_on_the_key_and_the_seed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
