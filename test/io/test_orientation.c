/* SPDX-License-Identifier: MIT */
/* Turning by EXIF's orientation, compared with Pillow's ImageOps.exif_transpose()
 * (test/golden/io/oracle_orientation.py). Pixels are the same to the bit; inputs differ by a level at most,
 * for the reason that test_preprocess.c gives. */
#include "io/image.h"
#include "io/json.h"
#include "io/orientation.h"
#include "io/view.h"
#include "test/support/pictures.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define FOLDER "test/golden/io/orientation/"

static dn_image load(const char *name) {
    char path[128];
    snprintf(path, sizeof path, FOLDER "%s", name);
    dn_image image;
    dn_error error;
    if (dn_image_load(&image, path, &error)) fail_msg("%s", error.message);
    return image;
}

/* The upright pixels that Pillow makes of the file. */
static void assert_pillows(const char *name, const dn_image *image) {
    char path[128];
    snprintf(path, sizeof path, FOLDER "%s.rgb", name);
    const file_bytes expected = read_whole(path);
    assert_int_equal(image->width, little_endian(expected.data));
    assert_int_equal(image->height, little_endian(expected.data + 4));
    assert_int_equal(expected.size, 8 + 3 * image->width * image->height);
    assert_memory_equal(image->rgb, expected.data + 8, expected.size - 8);
    free(expected.data);
}

static void assert_turned(const char *name, int orientation) {
    dn_image image = load(name);
    assert_int_equal(image.orientation, orientation);
    assert_int_equal(dn_image_turn_upright(&image, NULL), DN_OK);
    assert_int_equal(image.orientation, orientation ? 1 : 0);
    assert_pillows(name, &image);
    assert_int_equal(dn_image_turn_upright(&image, NULL), DN_OK); /* it stands upright already */
    assert_pillows(name, &image);
    dn_image_free(&image);
}

static void test_every_orientation_is_turned_as_pillow_does(void **state) {
    (void)state;
    for (int orientation = 1; orientation <= 8; orientation++) {
        char name[16];
        snprintf(name, sizeof name, "%d.jpg", orientation);
        assert_turned(name, orientation);
        snprintf(name, sizeof name, "%d.png", orientation);
        assert_turned(name, orientation);
    }
}

static void test_without_a_valid_orientation_nothing_is_turned(void **state) {
    (void)state;
    assert_turned("none.jpg", 0);
    assert_turned("out_of_range.jpg", 0);
}

static void test_of_several_blocks_the_first_counts(void **state) {
    (void)state;
    assert_turned("first_counts.jpg", 8);
}

static void test_a_wrong_orientation_of_the_callers_is_refused(void **state) {
    (void)state;
    dn_image image = load("none.jpg");
    image.orientation = 9;
    dn_error error;
    assert_int_equal(dn_image_turn_upright(&image, &error), DN_ERR_ARGUMENT);
    assert_string_equal(error.message, "image: orientation is 9, not 0 to 8");
    dn_image_free(&image);
    assert_int_equal(dn_image_turn_upright(&image, &error), DN_ERR_ARGUMENT);
}

/* ---- preprocessing ---- */

enum { RESIZE = 40, CROP = 32, COUNT = 3 * CROP * CROP };

static dn_preprocessing preprocessing(int exif_rotate) {
    dn_preprocessing p = dn_preprocessing_default();
    p.resize = RESIZE, p.crop = CROP, p.exif_rotate = exif_rotate;
    return p;
}

static void test_the_input_is_of_the_turned_picture(void **state) {
    (void)state;
    const dn_preprocessing turned = preprocessing(1), stored = preprocessing(0);
    const file_bytes golden = read_whole(FOLDER "large_6.jpg.40-32.input");
    assert_int_equal(golden.size, 8 + COUNT * sizeof(float));
    const dn_image image = load("large_6.jpg");
    static float input[COUNT], other[COUNT], want[COUNT];
    memcpy(want, golden.data + 8, sizeof want);
    assert_int_equal(dn_image_to_input(&image, &turned, 0, input, NULL), DN_OK);
    for (int i = 0; i < COUNT; i++) {
        const float levels = fabsf(input[i] - want[i]) * turned.std[i % 3] * 255;
        if (levels > 1.01f) fail_msg("%g levels off at %d", (double)levels, i);
    }
    assert_int_equal(image.orientation, 6); /* the caller's picture stays as it is */
    assert_int_equal(dn_image_to_input(&image, &stored, 0, other, NULL), DN_OK);
    assert_memory_not_equal(input, other, sizeof input);

    /* A picture that was loaded upright gives the same, and its mirror image is mirrored after turning. */
    dn_image upright;
    assert_int_equal(dni_image_load_as(&upright, FOLDER "large_6.jpg", &turned, NULL), DN_OK);
    assert_int_equal(upright.orientation, 1);
    assert_int_equal(dn_image_to_input(&upright, &turned, 0, other, NULL), DN_OK);
    assert_memory_equal(input, other, sizeof input);
    assert_int_equal(dn_image_to_input(&image, &turned, 1, input, NULL), DN_OK);
    dni_mirror_input(other, CROP, want);
    assert_memory_equal(input, want, sizeof input);

    dn_image as_stored;
    assert_int_equal(dni_image_load_as(&as_stored, FOLDER "large_6.jpg", &stored, NULL), DN_OK);
    assert_int_equal(as_stored.orientation, 6);
    assert_int_equal(as_stored.width, image.width);

    free(golden.data);
    dn_image_free(&as_stored);
    dn_image_free(&upright);
    free(image.rgb);
}

static void test_a_perturbed_view_is_turned_too(void **state) {
    (void)state;
    const dn_preprocessing turned = preprocessing(1);
    const dni_view grey = {.kind = DNI_VIEW_GREY};
    dn_image image = load("large_6.jpg");
    static float before[COUNT], after[COUNT];
    assert_int_equal(dni_view_to_input(&grey, &image, &turned, before, NULL), DN_OK);
    assert_int_equal(dn_image_turn_upright(&image, NULL), DN_OK);
    assert_int_equal(dni_view_to_input(&grey, &image, &turned, after, NULL), DN_OK);
    assert_memory_equal(before, after, sizeof before);
    dn_image_free(&image);
}

/* What is not asked for is not written, so that files and keys stay what they were. */
static void test_json_has_it_only_where_it_is_set(void **state) {
    (void)state;
    const dn_preprocessing stored = preprocessing(0), turned = preprocessing(1);
    char *without = dni_preprocessing_to_json(&stored), *with = dni_preprocessing_to_json(&turned);
    assert_null(strstr(without, "exif"));
    assert_non_null(strstr(with, "\"exif_rotate\": true"));
    dn_preprocessing read = turned;
    assert_int_equal(dni_preprocessing_from_json(&read, without, "m", NULL), DN_OK);
    assert_int_equal(read.exif_rotate, 0);
    assert_int_equal(dni_preprocessing_from_json(&read, with, "m", NULL), DN_OK);
    assert_memory_equal(&read, &turned, sizeof read);
    free(without);
    free(with);

    dn_preprocessing wrong = preprocessing(2);
    dn_error error;
    assert_int_equal(dn_preprocessing_check(&wrong, &error), DN_ERR_ARGUMENT);
    assert_string_equal(error.message, "preprocessing: exif_rotate is 2, not 0 or 1");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_orientation_is_turned_as_pillow_does),
        cmocka_unit_test(test_without_a_valid_orientation_nothing_is_turned),
        cmocka_unit_test(test_of_several_blocks_the_first_counts),
        cmocka_unit_test(test_a_wrong_orientation_of_the_callers_is_refused),
        cmocka_unit_test(test_the_input_is_of_the_turned_picture),
        cmocka_unit_test(test_a_perturbed_view_is_turned_too),
        cmocka_unit_test(test_json_has_it_only_where_it_is_set),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
