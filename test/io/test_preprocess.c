/* SPDX-License-Identifier: MIT */
/* From pictures to network input, against torchvision (test/golden/io/oracle_pictures.py).
 *
 * Tolerance: one of 256 levels. Pillow rounds to 8 bits between its two passes, the rows' and the
 * columns'; the engine takes the columns first, or rounds only once. At the outermost pixels of the
 * resized picture, where the filter's window is cut by the border, the two weigh differently: 8 levels
 * there. */
#include "io/image.h"
#include "io/json.h"
#include "io/stb_resize.h"
#include "test/support/pictures.h"

#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const float level_slack = 0.01f; /* of a level: float rounding of the normalised values */

/* A picture whose pixel (x, y) is (x, y, 7); sides of at most 256. */
static dn_image coordinates(int width, int height) {
    dn_image image = {.width = width, .height = height, .rgb = malloc(3 * (size_t)width * (size_t)height)};
    assert_non_null(image.rgb);
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++) {
            uint8_t *const pixel = image.rgb + 3 * ((size_t)y * (size_t)width + (size_t)x);
            pixel[0] = (uint8_t)x, pixel[1] = (uint8_t)y, pixel[2] = 7;
        }
    return image;
}

/* Preprocessing that leaves values as v / 255. */
static dn_preprocessing plain(int resize, int crop) {
    return (dn_preprocessing){.resize = resize, .crop = crop, .std = {1, 1, 1}};
}

static float *input_of(const dn_image *image, const dn_preprocessing *p, int flip) {
    float *const out = malloc(3 * sizeof *out * (size_t)p->crop * (size_t)p->crop);
    assert_non_null(out);
    dn_error error = {0};
    if (dn_image_to_input(image, p, flip, out, &error)) fail_msg("%s", error.message);
    return out;
}

static int level(float value) {
    return (int)lrintf(value * 255.0f);
}

/* Size of the resized picture, for telling its border. */
static void resized_size(const dn_image *image, int resize, int *width, int *height) {
    const int shorter = image->width < image->height ? image->width : image->height;
    *width = resize * image->width / shorter;
    *height = resize * image->height / shorter;
}

/* Whether coordinate `at` of the crop shows the first or last pixel of the resized side. */
static int at_border(int at, int size, int crop) {
    const int offset = size >= crop ? (int)rint((size - crop) / 2.0) : -((crop - size) / 2);
    return at + offset <= 0 || at + offset >= size - 1;
}

static void compare_to_torchvision(const char *name, int resize, int crop) {
    char input_name[128];
    snprintf(input_name, sizeof input_name, "%s.%d-%d.input", name, resize, crop);
    const file_bytes file = read_golden(name), expected = read_golden(input_name);
    dn_preprocessing p = dn_preprocessing_default();
    p.resize = resize, p.crop = crop;
    const size_t count = 3 * (size_t)crop * (size_t)crop;
    assert_int_equal(expected.size, 8 + count * sizeof(float));

    dn_image image;
    assert_int_equal(dn_image_decode(&image, file.data, file.size, name, NULL), DN_OK);
    float *const input = input_of(&image, &p, 0);
    int width, height;
    resized_size(&image, resize, &width, &height);
    for (size_t i = 0; i < count; i++) {
        const int x = (int)(i / 3) % crop, y = (int)(i / 3) / crop, channel = (int)(i % 3);
        float want;
        memcpy(&want, expected.data + 8 + i * sizeof want, sizeof want);
        const float levels = fabsf(input[i] - want) * p.std[channel] * 255;
        const float allowed = at_border(x, width, crop) || at_border(y, height, crop) ? 8 : 1;
        if (levels > allowed + level_slack)
            fail_msg("%s: %g levels off at (%d, %d, %d)", input_name, (double)levels, x, y, channel);
    }
    free(input);
    dn_image_free(&image);
    free(expected.data);
    free(file.data);
}

static void test_input_is_torchvisions_within_one_level(void **state) {
    (void)state;
    static const struct {
        const char *name;
        int resize, crop;
    } cases[] = {
        {"wide.png", 48, 32}, {"wide.png", 33, 32},  {"wide.png", 35, 32}, {"wide.png", 61, 32},
        {"wide.png", 40, 64}, {"tall.png", 48, 32},  {"tall.png", 80, 32}, {"tall.png", 41, 32},
        {"tall.png", 33, 36}, {"photo.jpg", 48, 32},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        compare_to_torchvision(cases[i].name, cases[i].resize, cases[i].crop);
}

static void test_the_crop_begins_at_half_the_difference_rounded_to_even(void **state) {
    (void)state;
    static const struct {
        int size, offset;
    } cases[] = {{255, 16}, {225, 0}, {227, 2}, {253, 14}, {224, 0}, {226, 1}, {229, 2}, {231, 4}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const dn_preprocessing p = plain(cases[i].size, 224);
        dn_image image = coordinates(cases[i].size, cases[i].size);
        float *const input = input_of(&image, &p, 0);
        assert_int_equal(level(input[0]), cases[i].offset);
        assert_int_equal(level(input[1]), cases[i].offset);
        assert_int_equal(level(input[3 * (224 * 224 - 1)]), cases[i].offset + 223);
        free(input);
        dn_image_free(&image);
    }
}

static void test_a_fitting_picture_is_copied_untouched(void **state) {
    (void)state;
    const dn_preprocessing p = plain(40, 32);
    dn_image image = coordinates(40, 90);
    float *const input = input_of(&image, &p, 0);
    for (int y = 0; y < 32; y++)
        for (int x = 0; x < 32; x++) {
            const float *const pixel = input + 3 * (32 * y + x);
            assert_int_equal(level(pixel[0]), x + 4);
            assert_int_equal(level(pixel[1]), y + 29); /* half of 58 */
            assert_int_equal(level(pixel[2]), 7);
        }
    free(input);
    dn_image_free(&image);
}

/* The padding is black before normalisation, the odd pixel of it behind and below. */
static void test_a_picture_smaller_than_the_crop_is_padded_with_black(void **state) {
    (void)state;
    dn_preprocessing p = dn_preprocessing_default();
    p.resize = 33, p.crop = 36;
    dn_image image = coordinates(33, 33);
    memset(image.rgb, 255, 33 * 33 * 3);
    float *const input = input_of(&image, &p, 0);
    for (int y = 0; y < 36; y++)
        for (int x = 0; x < 36; x++)
            for (int channel = 0; channel < 3; channel++) {
                const int inside = x >= 1 && x < 34 && y >= 1 && y < 34;
                const float want = ((inside ? 1.0f : 0.0f) - p.mean[channel]) / p.std[channel];
                assert_true(input[3 * (36 * y + x) + channel] == want);
            }
    free(input);
    dn_image_free(&image);
}

static void test_flip_mirrors_the_crop(void **state) {
    (void)state;
    const dn_preprocessing p = plain(50, 33);
    dn_image image = coordinates(120, 77);
    float *const straight = input_of(&image, &p, 0), *const mirrored = input_of(&image, &p, 1);
    for (int y = 0; y < 33; y++)
        for (int x = 0; x < 33; x++)
            assert_memory_equal(straight + 3 * (33 * y + x), mirrored + 3 * (33 * y + 32 - x),
                                3 * sizeof(float));
    assert_memory_not_equal(straight, mirrored, 33 * 33 * 3 * sizeof(float));
    free(straight);
    free(mirrored);
    dn_image_free(&image);
}

/* Computing only the crop must not change a bit of it. */
static void test_a_resized_window_equals_that_window_of_the_whole(void **state) {
    (void)state;
    static const struct {
        int width, height, full_width, full_height;
    } cases[] = {{200, 150, 340, 255},
                 {250, 170, 71, 49},
                 {256, 256, 255, 255},
                 {131, 97, 97, 72},
                 {2300, 64, 359, 10}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const int full_width = cases[i].full_width, full_height = cases[i].full_height;
        dn_image image = coordinates(cases[i].width, cases[i].height);
        for (size_t k = 0; k < 3 * (size_t)image.width * (size_t)image.height; k++)
            image.rgb[k] = (uint8_t)(k * k % 251 ^ k);
        uint8_t *const whole = malloc(3 * (size_t)full_width * (size_t)full_height);
        uint8_t *const part = malloc(3 * (size_t)full_width * (size_t)full_height);
        const dni_window all = {0, 0, full_width, full_height};
        const dni_window window = {full_width / 5, full_height / 7, full_width / 2, full_height / 2};
        assert_true(dni_stb_resize(&image, full_width, full_height, &all, whole, 3 * full_width));
        assert_true(dni_stb_resize(&image, full_width, full_height, &window, part, 3 * window.width));
        for (int y = 0; y < window.height; y++)
            assert_memory_equal(part + 3 * y * window.width,
                                whole + 3 * ((window.top + y) * full_width + window.left),
                                3 * (size_t)window.width);
        free(whole);
        free(part);
        dn_image_free(&image);
    }
}

static void test_a_picture_too_long_and_thin_is_refused(void **state) {
    (void)state;
    const dn_preprocessing p = dn_preprocessing_default();
    uint8_t row[3 * 2000] = {0};
    float *const out = malloc(224 * 224 * 3 * sizeof *out);
    dn_error error = {0};
    const dn_image thin = {.width = 2000, .height = 1, .rgb = row},
                   bearable = {.width = 1500, .height = 1, .rgb = row},
                   upright = {.width = 1, .height = 2000, .rgb = row};
    assert_int_equal(dn_image_to_input(&thin, &p, 0, out, &error), DN_ERR_IMAGE_UNSUPPORTED);
    assert_non_null(strstr(error.message, "2000 x 1"));
    assert_int_equal(dn_image_to_input(&upright, &p, 0, out, &error), DN_ERR_IMAGE_UNSUPPORTED);
    assert_int_equal(dn_image_to_input(&bearable, &p, 0, out, &error), DN_OK);
    free(out);
}

static void assert_preprocessing(dn_preprocessing p, const char *complaint) {
    dn_error error = {0};
    const dn_status status = dn_preprocessing_check(&p, &error);
    assert_int_equal(status, complaint ? DN_ERR_ARGUMENT : DN_OK);
    if (complaint && !strstr(error.message, complaint))
        fail_msg("'%s' without '%s'", error.message, complaint);
}

/* Room that later versions may use: what they would set there is not passed over. */
static void test_preprocessing_of_a_newer_program_is_refused(void **state) {
    (void)state;
    static float out[32 * 32 * 3];
    dn_image image = coordinates(40, 40);
    for (size_t i = 0; i < sizeof(dn_preprocessing){0}.reserved / sizeof(int); i++) {
        dn_error error;
        dn_preprocessing p = plain(32, 32);
        assert_int_equal(dn_image_to_input(&image, &p, 0, out, &error), DN_OK);
        p.reserved[i] = 3;
        assert_int_equal(dn_image_to_input(&image, &p, 0, out, &error), DN_ERR_UNSUPPORTED);
        char expected[64];
        snprintf(expected, sizeof expected, "preprocessing: reserved[%zu] is 3, not 0", i);
        assert_non_null(strstr(error.message, expected));
    }
    dn_image_free(&image);
}

/* As what a model file says of it. */
static void test_an_option_that_is_not_known_is_refused_by_name(void **state) {
    (void)state;
    static const char text[] = "{\"resize\": 40, \"crop\": 32, \"mean\": [0, 0, 0], \"std\": [1, 1, 1]%s}";
    char whole[128];
    dn_preprocessing p;
    dn_error error = {.message = ""};
    snprintf(whole, sizeof whole, text, "");
    assert_int_equal(dni_preprocessing_from_json(&p, whole, "m", &error), DN_OK);
    snprintf(whole, sizeof whole, text, ", \"pad\": 3");
    assert_int_equal(dni_preprocessing_from_json(&p, whole, "m", &error), DN_ERR_CORRUPT);
    assert_string_equal(error.message, "m: preprocessing: 'pad' is no option of it");
}

static void test_preprocessing_out_of_range_is_refused_with_its_value(void **state) {
    (void)state;
    dn_preprocessing p = dn_preprocessing_default();
    assert_int_equal(p.resize, 255);
    assert_int_equal(p.crop, 224);
    assert_preprocessing(p, NULL);
    p = plain(1, 32), assert_preprocessing(p, NULL);
    p = plain(8192, 8192), assert_preprocessing(p, NULL);
    p = plain(0, 224), assert_preprocessing(p, "resize is 0");
    p = plain(8193, 224), assert_preprocessing(p, "resize is 8193");
    p = plain(255, 31), assert_preprocessing(p, "crop is 31");
    p = plain(255, 8193), assert_preprocessing(p, "crop is 8193");
    p = plain(255, 224), p.std[1] = 0, assert_preprocessing(p, "channel 1 is 0");
    p = plain(255, 224), p.std[2] = -1, assert_preprocessing(p, "channel 2 is -1");
    p = plain(255, 224), p.std[0] = INFINITY, assert_preprocessing(p, "channel 0 is inf");
    p = plain(255, 224), p.mean[0] = NAN, assert_preprocessing(p, "mean of channel 0");

    dn_error error = {0};
    float out[1];
    const dn_image none = {0};
    p = plain(255, 224);
    assert_int_equal(dn_image_to_input(&none, &p, 0, out, &error), DN_ERR_ARGUMENT);
    assert_int_equal(dn_preprocessing_check(NULL, &error), DN_ERR_ARGUMENT);
}

/* The oracle, run now over real pictures: sizes of all kinds, JPEG and PNG. */
static void test_shared_pictures_match_torchvision_live(void **state) {
    (void)state;
    enum { CROP = 224, COUNT = 3 * CROP * CROP };
    static const char *const names[] = {
        "real_astronaut.png",          "real_messi5.jpg",
        "real_pillow_hopper.jpg",      "real_pillow_hopper.png",
        "real_pillow_hopper_gray.jpg", "real_pillow_pil_sample_cmyk.jpg",
        "nonface_smiley.png",          "fake_blend_128.png",
        "real_tight_train_1.jpg",      "real_pillow_exif_gps_typeerror.jpg",
    };
    char *const folder = shared_path("data/edge");
    if (!folder) skip();
    if (system("/usr/bin/python3 -c 'import torchvision' 2>/dev/null") != 0) {
        print_message("no torchvision under /usr/bin/python3: skipped\n");
        free(folder);
        skip();
    }
    const dn_preprocessing p = dn_preprocessing_default();
    float *const want = malloc(COUNT * sizeof *want);
    assert_non_null(want);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char path[1200], command[1400];
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        snprintf(command, sizeof command, "/usr/bin/python3 test/golden/io/oracle_pictures.py %d %d '%s'",
                 p.resize, CROP, path);
        FILE *const oracle = popen(command, "r");
        unsigned char head[12];
        assert_non_null(oracle);
        assert_int_equal(fread(head, 1, sizeof head, oracle), sizeof head);
        assert_int_equal(fread(want, sizeof *want, COUNT, oracle), COUNT);
        assert_int_equal(pclose(oracle), 0);

        dn_image image;
        dn_error error = {0};
        if (dn_image_load(&image, path, &error)) fail_msg("%s", error.message);
        assert_int_equal(image.width, little_endian(head));
        assert_int_equal(image.height, little_endian(head + 4));
        float *const input = input_of(&image, &p, 0);
        for (int k = 0; k < COUNT; k++) {
            const float levels = fabsf(input[k] - want[k]) * p.std[k % 3] * 255;
            if (levels > 1 + level_slack) fail_msg("%s: %g levels off", names[i], (double)levels);
        }
        free(input);
        dn_image_free(&image);
    }
    free(want);
    free(folder);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_input_is_torchvisions_within_one_level),
        cmocka_unit_test(test_the_crop_begins_at_half_the_difference_rounded_to_even),
        cmocka_unit_test(test_a_fitting_picture_is_copied_untouched),
        cmocka_unit_test(test_a_picture_smaller_than_the_crop_is_padded_with_black),
        cmocka_unit_test(test_flip_mirrors_the_crop),
        cmocka_unit_test(test_a_resized_window_equals_that_window_of_the_whole),
        cmocka_unit_test(test_a_picture_too_long_and_thin_is_refused),
        cmocka_unit_test(test_preprocessing_of_a_newer_program_is_refused),
        cmocka_unit_test(test_an_option_that_is_not_known_is_refused_by_name),
        cmocka_unit_test(test_preprocessing_out_of_range_is_refused_with_its_value),
        cmocka_unit_test(test_shared_pictures_match_torchvision_live),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
