/* SPDX-License-Identifier: MIT */
/* Cues of pictures whose cues are known by arithmetic, and of files. */
#include "ftrain/cues/cue_pixels.h"
#include "ftrain/cues/cues.h"
#include "io/jpeg.h"

#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SIDE = 64 };

typedef void painter(uint8_t *rgb, int x, int y);

static dn_image paint(painter *by) {
    dn_image image = {.width = SIDE, .height = SIDE, .rgb = malloc(3 * SIDE * SIDE)};
    assert_non_null(image.rgb);
    for (int y = 0; y < SIDE; y++)
        for (int x = 0; x < SIDE; x++) by(image.rgb + 3 * (y * SIDE + x), x, y);
    return image;
}

static void measure(double *cues, painter *by) {
    dn_image image = paint(by);
    dn_error error;
    assert_int_equal(cue_pixels(cues, &image, &error), DN_OK);
    dn_image_free(&image);
}

static void set(uint8_t *rgb, int r, int g, int b) {
    rgb[0] = (uint8_t)r;
    rgb[1] = (uint8_t)g;
    rgb[2] = (uint8_t)b;
}

static void assert_near(double found, double expected, double tolerance) {
    if (!(fabs(found - expected) <= tolerance)) fail_msg("%.9g is not %.9g", found, expected);
}

static void one_colour(uint8_t *rgb, int x, int y) {
    (void)x, (void)y;
    set(rgb, 200, 100, 40);
}

static void test_one_colour_has_its_means_and_no_detail(void **state) {
    (void)state;
    double cues[CUE_COUNT];
    measure(cues, one_colour);
    assert_near(cues[CUE_MEAN_RED], 200, 1e-9);
    assert_near(cues[CUE_MEAN_GREEN], 100, 1e-9);
    assert_near(cues[CUE_MEAN_BLUE], 40, 1e-9);
    assert_near(cues[CUE_SATURATION], 160, 1e-9);
    assert_near(cues[CUE_GREY], 0, 0);
    assert_near(cues[CUE_DARK], 0, 0);
    for (int c = 0; c < 3; c++) assert_near(cues[CUE_DEVIATION_RED + c], 0, 1e-6);
    for (int r = 0; r < 3; r++) assert_near(cues[CUE_COLOUR_RING_1 + r], 0, 1e-9);
    assert_near(cues[CUE_DETAIL], log2(1e-3), 1e-9); /* the floor */
    assert_near(cues[CUE_FINE_SHARE], 0, 1e-9);
}

static void half_black(uint8_t *rgb, int x, int y) {
    (void)y;
    const int value = x < SIDE / 2 ? 0 : 255;
    set(rgb, value, value, value);
}

static void test_black_and_white_are_grey_dark_and_bright(void **state) {
    (void)state;
    double cues[CUE_COUNT];
    measure(cues, half_black);
    assert_near(cues[CUE_GREY], 1, 0);
    assert_near(cues[CUE_DARK], 0.5, 1e-9);
    assert_near(cues[CUE_BRIGHT], 0.5, 1e-9);
    assert_near(cues[CUE_DEVIATION_RED], 127.5, 1e-9);
    /* one step of 255 in a row of 63 differences; over two pixels, two of 62 */
    assert_near(cues[CUE_DETAIL], log2(255.0 * 255 / 63 + 1e-3), 1e-9);
    assert_near(cues[CUE_FINE_SHARE], log2(255.0 * 255 / 63 + 1e-3) - log2(2 * 255.0 * 255 / 62 + 1e-3),
                1e-9);
}

static void checkerboard(uint8_t *rgb, int x, int y) {
    const int value = (x + y) % 2 ? 110 : 100;
    set(rgb, value, value, value);
}

static void test_detail_of_a_checkerboard_is_all_fine(void **state) {
    (void)state;
    double cues[CUE_COUNT];
    measure(cues, checkerboard);
    assert_near(cues[CUE_DETAIL], log2(200 + 1e-3), 1e-9);                  /* 10 squared, along both axes */
    assert_near(cues[CUE_FINE_SHARE], log2(200 + 1e-3) - log2(1e-3), 1e-9); /* two apart are equal */
    assert_near(cues[CUE_SHARPNESS], log2(1600 + 1e-3), 1e-6);              /* the Laplacian is 40 or -40 */
    for (int r = 0; r < 3; r++) assert_near(cues[CUE_DETAIL_RING_1 + r], 0, 1e-6);
}

/* Detail and another colour in the outer ring alone: a wider framing, drawn by a child. */
static void framed(uint8_t *rgb, int x, int y) {
    const int edge = SIDE / 8;
    const int outside = x < edge || y < edge || x >= SIDE - edge || y >= SIDE - edge;
    if (outside)
        set(rgb, (x + y) % 2 ? 40 : 20, 60, 60);
    else
        set(rgb, 130, 60, 60);
}

static void test_the_border_is_told_from_the_middle(void **state) {
    (void)state;
    double cues[CUE_COUNT];
    measure(cues, framed);
    assert_near(cues[CUE_COLOUR_RING_3], 100, 1e-9);
    assert_near(cues[CUE_COLOUR_RING_1], 0, 1e-9);
    assert_near(cues[CUE_BORDER_MEAN], (30 + 2 * 60 + 60 + 2) / 4 - (130 + 2 * 60 + 60 + 2) / 4, 0.51);
    assert_true(cues[CUE_DETAIL_RING_3] > 10);
    assert_true(cues[CUE_BORDER_DEVIATION] > 5);
}

static void test_file_facts_become_cues(void **state) {
    (void)state;
    dn_image image = paint(framed);
    unsigned char *bytes;
    size_t size;
    dn_error error;
    assert_int_equal(dni_jpeg_encode(&bytes, &size, &image, 60, DNI_CHROMA_420, &error), DN_OK);
    double cues[CUE_COUNT];
    picture_facts facts;
    uint8_t tiny[3 * TINY_SIDE * TINY_SIDE];
    assert_int_equal(cues_of_bytes(cues, &facts, tiny, bytes, size, "framed.jpg", &error), DN_OK);
    assert_true(facts.is_usable);
    assert_string_equal(facts.format->name, "JPEG");
    assert_near(cues[CUE_IS_JPEG], 1, 0);
    assert_near(cues[CUE_QUALITY], 60, 0);
    assert_near(cues[CUE_WIDTH], 6, 1e-9);
    assert_near(cues[CUE_ASPECT], 0, 1e-9);
    assert_near(cues[CUE_CHROMA], 0.25, 1e-9);
    assert_near(cues[CUE_BYTES], log2((double)size), 1e-6);
    assert_near(cues[CUE_BITS_PER_PIXEL], log2(8 * (double)size / (SIDE * SIDE)), 1e-6);
    const int middle = 3 * (TINY_SIDE / 2 * TINY_SIDE + TINY_SIDE / 2);
    assert_in_range(tiny[middle], 120, 140);
    free(bytes);
    dn_image_free(&image);
}

static void test_a_broken_file_has_no_cues_and_is_named(void **state) {
    (void)state;
    double cues[CUE_COUNT];
    picture_facts facts;
    uint8_t tiny[3 * TINY_SIDE * TINY_SIDE];
    dn_error error;
    assert_int_not_equal(
        cues_of_bytes(cues, &facts, tiny, (const unsigned char *)"nonsense", 8, "a/b.jpg", &error), DN_OK);
    assert_false(facts.is_usable);
    assert_non_null(strstr(error.message, "a/b.jpg"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_colour_has_its_means_and_no_detail),
        cmocka_unit_test(test_black_and_white_are_grey_dark_and_bright),
        cmocka_unit_test(test_detail_of_a_checkerboard_is_all_fine),
        cmocka_unit_test(test_the_border_is_told_from_the_middle),
        cmocka_unit_test(test_file_facts_become_cues),
        cmocka_unit_test(test_a_broken_file_has_no_cues_and_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
