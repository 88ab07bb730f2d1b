/* SPDX-License-Identifier: MIT */
/* What the heads of files say. That it is what decoding says is held by test/support/decoding.c for
 * every golden picture of every format. */
#include "io/file.h"
#include "io/image.h"
#include "io/image_format.h"
#include "test/support/files.h"
#include "test/support/pictures.h"

#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FOLDER "test/golden/io/"

static const struct {
    const char *path, *format;
    int width, height, orientation, frames;
} goldens[] = {
    {FOLDER "pictures/photo.jpg", "JPEG", 150, 101, 0, 1},
    {FOLDER "orientation/6.jpg", "JPEG", 13, 7, 6, 1},
    {FOLDER "pictures/wide.png", "PNG", 150, 101, 0, 1},
    {FOLDER "pictures/animated.png", "PNG", 37, 29, 0, 3},
    {FOLDER "orientation/8.png", "PNG", 5, 9, 8, 1},
    {FOLDER "pictures/palette.gif", "GIF", 37, 29, 0, 1},
    {FOLDER "pictures/animated.gif", "GIF", 37, 29, 0, 2},
    {FOLDER "pictures/rgb.bmp", "BMP", 37, 29, 0, 1},
    {FOLDER "pictures/rgb.tga", "TGA", 37, 29, 0, 1},
    {FOLDER "pictures/raw.psd", "PSD", 37, 29, 0, 1},
    {FOLDER "pictures/rgb16.ppm", "PPM", 37, 29, 0, 1},
    {FOLDER "webp/animated.webp", "WebP", 37, 29, 0, 3},
    {FOLDER "tiff/orientation_6.tif", "TIFF", 9, 5, 1, 1},
    {FOLDER "heif/turned.heic", "HEIC", 64, 72, 1, 1},
    {FOLDER "heif/sequence.avif", "AVIF", 37, 29, 1, 12},
};
enum { GOLDENS = sizeof goldens / sizeof *goldens };

static bool is_built_in(const char *name) {
    for (size_t i = 0; i < DNI_IMAGE_FORMATS; i++)
        if (strcmp(dni_image_format_at(i)->name, name) == 0) return dni_image_format_at(i)->codec->describe;
    fail_msg("%s is no format", name);
    return false;
}

static void assert_info(const char *path, int i) {
    dn_image_info info;
    dn_error error = {0};
    if (dn_image_info_load(&info, path, &error)) fail_msg("%s", error.message);
    assert_string_equal(info.format, goldens[i].format);
    assert_int_equal(info.width, goldens[i].width);
    assert_int_equal(info.height, goldens[i].height);
    assert_int_equal(info.orientation, goldens[i].orientation);
    if (info.frames != goldens[i].frames) fail_msg("%s: %d frames", path, info.frames);
}

static void test_every_format_tells_its_size_orientation_and_frames(void **state) {
    (void)state;
    for (int i = 0; i < GOLDENS; i++)
        if (is_built_in(goldens[i].format)) assert_info(goldens[i].path, i);
}

/* A file of 5 GB, most of which does not exist: reading it whole is refused. */
static void test_of_a_large_file_the_head_alone_is_read(void **state) {
    (void)state;
    char *const folder = make_folder();
    for (int i = 0; i < GOLDENS; i++) {
        if (!is_built_in(goldens[i].format) || strcmp(goldens[i].format, "GIF") == 0) continue;
        char path[256];
        const file_bytes file = read_whole(goldens[i].path);
        snprintf(path, sizeof path, "%s/%d", folder, i);
        write_whole(path, file.data, file.size);
        assert_int_equal(truncate(path, (off_t)5 << 30), 0);
        dn_image image;
        assert_int_equal(dn_image_load(&image, path, NULL), DN_ERR_UNSUPPORTED);
        assert_info(path, i);
        free(file.data);
    }
    remove_folder(folder);
}

/* The frames of a GIF are counted, for which all of it is read. */
static void test_of_a_large_gif_the_frames_are_not_counted(void **state) {
    (void)state;
    char *const folder = make_folder();
    char path[256];
    snprintf(path, sizeof path, "%s/large.gif", folder);
    int gif = 0;
    while (strcmp(goldens[gif].format, "GIF") != 0) gif++;
    const file_bytes file = read_whole(goldens[gif].path);
    write_whole(path, file.data, file.size);
    free(file.data);
    assert_int_equal(truncate(path, (off_t)DNI_FILE_LOAD_LIMIT + 1), 0);
    dn_image_info info;
    dn_error error = {.message = ""};
    assert_int_equal(dn_image_info_load(&info, path, &error), DN_ERR_UNSUPPORTED);
    assert_memory_equal(error.message, path, strlen(path));
    assert_non_null(strstr(error.message, "too large: 1073741825 bytes of it would be needed in memory"));
    remove_folder(folder);
}

/* The headers of a JPEG may be longer than what is read of it first. */
static void test_a_jpeg_with_long_headers(void **state) {
    (void)state;
    enum { SEGMENT = 65535, SEGMENTS = 5, SOI = 2 };
    const file_bytes file = read_whole(FOLDER "orientation/6.jpg");
    const size_t size = file.size + SEGMENTS * (SEGMENT + 2);
    unsigned char *const longer = calloc(size, 1);
    assert_non_null(longer);
    memcpy(longer, file.data, SOI);
    for (size_t i = 0; i < SEGMENTS; i++) memcpy(longer + SOI + i * (SEGMENT + 2), "\xff\xe5\xff\xff", 4);
    memcpy(longer + SOI + SEGMENTS * (SEGMENT + 2), file.data + SOI, file.size - SOI);
    char *const folder = make_folder();
    char path[256];
    snprintf(path, sizeof path, "%s/long.jpg", folder);
    write_whole(path, longer, size);
    assert_info(path, 1);
    free(longer);
    free(file.data);
    remove_folder(folder);
}

/* The head is sound: that decoding would refuse the picture does not matter. */
static void test_a_size_above_the_limit_is_told(void **state) {
    (void)state;
    static const char ppm[] = "P6 30000 20000 255\n";
    dn_image_info info;
    assert_int_equal(dn_image_info_decode(&info, ppm, sizeof ppm, "large", NULL), DN_OK);
    assert_int_equal(info.width, 30000);
    assert_int_equal(info.height, 20000);
}

static void assert_refused(const void *bytes, size_t size, dn_status expected, const char *words) {
    dn_image_info info = {.width = 1, .format = "x"};
    dn_error error = {0};
    assert_int_equal(dn_image_info_decode(&info, bytes, size, "some/file", &error), expected);
    if (strncmp(error.message, "some/file: ", 11) != 0 || !strstr(error.message, words))
        fail_msg("%s", error.message);
    assert_int_equal(info.width, 0);
    assert_null(info.format);
}

static void test_failures_are_those_of_decoding(void **state) {
    (void)state;
    assert_refused("", 0, DN_ERR_IMAGE_EMPTY, "empty");
    assert_refused("hello, world", 12, DN_ERR_IMAGE_UNSUPPORTED, "not a picture format known here");
    assert_refused("\xff\xd8\xff\xe0", 4, DN_ERR_IMAGE_TRUNCATED, "the JPEG file ends early");
    assert_refused("\xff\xd8\xff\xda", 4, DN_ERR_IMAGE_CORRUPT, "no frame header before its first scan");
    assert_refused("GIF89a\0\0\0\0\0\0\0", 13, DN_ERR_IMAGE_CORRUPT, "a picture of 0 x 0 pixels");
    assert_refused("P6 0 1 255\n", 11, DN_ERR_IMAGE_CORRUPT, "a picture of 0 x 1 pixels");
    dn_image_info info;
    dn_error error = {0};
    assert_int_equal(dn_image_info_load(&info, FOLDER "none", &error), DN_ERR_NOT_FOUND);
    assert_non_null(strstr(error.message, FOLDER "none"));
}

static void test_names_of_pictures(void **state) {
    (void)state;
    static const char *const pictures[] = {"a.jpg", "a.JPEG", "b/c.d.Png", "x.heic",
                                           "x.tif", "x.ppm",  "x.webp"};
    static const char *const others[] = {"jpg", "a.jp", "a.jpgx", "a.", ".", "", "a.txt", "a.jpg/b", "a. "};
    for (size_t i = 0; i < sizeof pictures / sizeof *pictures; i++)
        assert_true(dni_is_image_name(pictures[i]));
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (dni_is_image_name(others[i])) fail_msg("'%s'", others[i]);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_format_tells_its_size_orientation_and_frames),
        cmocka_unit_test(test_of_a_large_file_the_head_alone_is_read),
        cmocka_unit_test(test_of_a_large_gif_the_frames_are_not_counted),
        cmocka_unit_test(test_a_jpeg_with_long_headers),
        cmocka_unit_test(test_a_size_above_the_limit_is_told),
        cmocka_unit_test(test_failures_are_those_of_decoding),
        cmocka_unit_test(test_names_of_pictures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
