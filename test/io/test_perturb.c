/* SPDX-License-Identifier: MIT */
/* Perturbations against Pillow and scipy (test/golden/io/oracle_perturb.py), and at their edges. */
#include "io/perturb.h"
#include "test/support/pictures.h"

#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const pictures[] = {"tall.png", "rgb.png"};

static dn_image load(const char *name) {
    char path[256];
    snprintf(path, sizeof path, GOLDEN_PICTURES "/%s", name);
    dn_image image;
    dn_error error;
    if (dn_image_load(&image, path, &error)) fail_msg("%s", error.message);
    return image;
}

static dn_image filled(int width, int height, int value) {
    dn_image image = {.width = width, .height = height, .rgb = malloc(3 * (size_t)width * (size_t)height)};
    assert_non_null(image.rgb);
    memset(image.rgb, value, 3 * (size_t)width * (size_t)height);
    return image;
}

/* Fails unless every value is within `levels` of the golden file's; in the `border` outermost pixels, within
 * `border_levels`. Frees the picture. */
static void assert_golden(dn_image *image, const char *name, int levels, int border, int border_levels) {
    char path[256];
    snprintf(path, sizeof path, "test/golden/io/perturb/%s.rgb", name);
    const file_bytes golden = read_whole(path);
    assert_int_equal(image->width, little_endian(golden.data));
    assert_int_equal(image->height, little_endian(golden.data + 4));
    for (int y = 0; y < image->height; y++)
        for (int x = 0; x < 3 * image->width; x++) {
            const size_t at = (size_t)y * 3 * (size_t)image->width + (size_t)x;
            const int off = abs(image->rgb[at] - golden.data[8 + at]);
            const int inside =
                x / 3 >= border && x / 3 < image->width - border && y >= border && y < image->height - border;
            if (off > (inside ? levels : border_levels))
                fail_msg("%s: %d levels off at (%d, %d, %d)", name, off, x / 3, y, x % 3);
        }
    free(golden.data);
    dn_image_free(image);
}

/* The same library at the same settings: the same pixels. */
static void test_jpeg_is_pillows_reencoding_bit_for_bit(void **state) {
    (void)state;
    static const int qualities[] = {1, 30, 75, 90, 100};
    for (int p = 0; p < 2; p++) {
        dn_image image = load(pictures[p]), out;
        for (int q = 0; q < 5; q++) {
            char name[64];
            snprintf(name, sizeof name, "%s.jpeg-%d", pictures[p], qualities[q]);
            assert_int_equal(dni_perturb_jpeg(&out, &image, qualities[q], NULL), DN_OK);
            assert_golden(&out, name, 0, 0, 0);
        }
        dn_image_free(&image);
    }
}

/* One level: scipy sums in double, so that a value near one half may round to either side. */
static void test_blur_is_scipys_gaussian_filter_within_one_level(void **state) {
    (void)state;
    static const double sigmas[] = {0.5, 1, 2, 8};
    for (int p = 0; p < 2; p++) {
        dn_image image = load(pictures[p]), out;
        for (int s = 0; s < 4; s++) {
            char name[64];
            snprintf(name, sizeof name, "%s.blur-%g", pictures[p], sigmas[s]);
            assert_int_equal(dni_perturb_blur(&out, &image, sigmas[s], NULL), DN_OK);
            assert_golden(&out, name, 1, 0, 1);
        }
        dn_image_free(&image);
    }
}

/* Two passes, each within a level of Pillow's or, where the border cuts the filter's window, within 8
 * (test_preprocess.c); enlarging four times spreads the border over up to six pixels. */
static void test_resize_is_pillows_bilinear_there_and_back(void **state) {
    (void)state;
    static const struct {
        double factor;
        int border;
    } cases[] = {{0.5, 3}, {0.25, 6}, {0.7, 3}};
    for (int p = 0; p < 2; p++) {
        dn_image image = load(pictures[p]), out;
        for (int c = 0; c < 3; c++) {
            char name[64];
            snprintf(name, sizeof name, "%s.resize-%g", pictures[p], cases[c].factor);
            assert_int_equal(dni_perturb_resize(&out, &image, cases[c].factor, NULL), DN_OK);
            assert_golden(&out, name, 2, cases[c].border, 16);
        }
        dn_image_free(&image);
    }
}

static void test_zoom_and_grey_are_pillows_bit_for_bit(void **state) {
    (void)state;
    static const double factors[] = {1.25, 2};
    for (int p = 0; p < 2; p++) {
        dn_image image = load(pictures[p]), out;
        char name[64];
        for (int f = 0; f < 2; f++) {
            snprintf(name, sizeof name, "%s.zoom-%g", pictures[p], factors[f]);
            assert_int_equal(dni_perturb_zoom(&out, &image, factors[f], NULL), DN_OK);
            assert_golden(&out, name, 0, 0, 0);
        }
        snprintf(name, sizeof name, "%s.grey", pictures[p]);
        assert_int_equal(dni_perturb_grey(&out, &image, NULL), DN_OK);
        assert_golden(&out, name, 0, 0, 0);
        dn_image_free(&image);
    }
}

static void test_a_plain_area_stays_what_it_is_up_to_white(void **state) {
    (void)state;
    static const int values[] = {0, 1, 128, 255};
    for (int v = 0; v < 4; v++) {
        dn_image image = filled(19, 5, values[v]), out[4];
        assert_int_equal(dni_perturb_blur(&out[0], &image, 3, NULL), DN_OK);
        assert_int_equal(dni_perturb_resize(&out[1], &image, 0.3, NULL), DN_OK);
        assert_int_equal(dni_perturb_grey(&out[2], &image, NULL), DN_OK);
        assert_int_equal(dni_perturb_jpeg(&out[3], &image, 90, NULL), DN_OK);
        for (int i = 0; i < 4; i++) {
            assert_memory_equal(out[i].rgb, image.rgb, 3 * 19 * 5);
            dn_image_free(&out[i]);
        }
        dn_image_free(&image);
    }
}

static void test_one_pixel_and_thin_pictures_pass_through_all(void **state) {
    (void)state;
    static const int sides[][2] = {{1, 1}, {1, 7}, {9, 1}, {2, 3}};
    for (int s = 0; s < 4; s++) {
        const int width = sides[s][0], height = sides[s][1];
        dn_image image = filled(width, height, 77), out[5];
        assert_int_equal(dni_perturb_jpeg(&out[0], &image, 60, NULL), DN_OK);
        assert_int_equal(dni_perturb_blur(&out[1], &image, 32, NULL), DN_OK);
        assert_int_equal(dni_perturb_resize(&out[2], &image, 0.01, NULL), DN_OK);
        assert_int_equal(dni_perturb_grey(&out[3], &image, NULL), DN_OK);
        assert_int_equal(dni_perturb_zoom(&out[4], &image, 16, NULL), DN_OK);
        for (int i = 0; i < 5; i++) {
            assert_int_equal(out[i].width, i == 4 ? 1 : width);
            assert_int_equal(out[i].height, i == 4 ? 1 : height);
            assert_in_range(out[i].rgb[0], 77 - (i == 0), 77 + (i == 0)); /* JPEG quantises */
            dn_image_free(&out[i]);
        }
        dn_image_free(&image);
    }
}

static void test_a_side_too_long_for_jpeg_is_refused_with_its_size(void **state) {
    (void)state;
    dn_image image = filled(65501, 1, 5), out;
    dn_error error = {.message = ""};
    assert_int_equal(dni_perturb_jpeg(&out, &image, 75, &error), DN_ERR_IMAGE_UNSUPPORTED);
    assert_non_null(strstr(error.message, "65501 x 1 pixels"));
    assert_null(out.rgb);
    image.width = 65500;
    assert_int_equal(dni_perturb_jpeg(&out, &image, 75, &error), DN_OK);
    dn_image_free(&out);
    dn_image_free(&image);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_jpeg_is_pillows_reencoding_bit_for_bit),
        cmocka_unit_test(test_blur_is_scipys_gaussian_filter_within_one_level),
        cmocka_unit_test(test_resize_is_pillows_bilinear_there_and_back),
        cmocka_unit_test(test_zoom_and_grey_are_pillows_bit_for_bit),
        cmocka_unit_test(test_a_plain_area_stays_what_it_is_up_to_white),
        cmocka_unit_test(test_one_pixel_and_thin_pictures_pass_through_all),
        cmocka_unit_test(test_a_side_too_long_for_jpeg_is_refused_with_its_size),
    };
    return cmocka_run_group_tests_name("perturb", tests, NULL, NULL);
}
