/* SPDX-License-Identifier: MIT */
/* Resizing beside stb_image_resize called plainly, with three channels and compiled for the baseline: every
 * tier must give its bits. Tolerance: none. The two passes' rounding is part of what is promised: once, and
 * twice when shrinking to less than half. */
#include "io/stb_resize.h"

#include "core/cpu.h"

#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#pragma GCC diagnostic ignored "-Wunused-function"
#define STB_IMAGE_RESIZE_STATIC
#define STB_IMAGE_RESIZE_IMPLEMENTATION
#define STBIR_ASSERT(condition) ((void)0)
#include <stb/stb_image_resize.h>

typedef struct resizing {
    int width, height, full_width, full_height;
    dni_window window;
} resizing;

/* Sides that are enlarged, kept, shrunk a little, to about half and to much less; that are not multiples of
 * anything; that take more than one strip of columns in either pass; and windows at every border. */
static const resizing cases[] = {
    {256, 256, 255, 255, {15, 15, 224, 224}},
    {255, 300, 255, 300, {0, 0, 255, 300}},
    {200, 150, 340, 255, {58, 15, 224, 224}},
    {131, 97, 97, 72, {0, 0, 97, 72}},
    {97, 131, 73, 99, {10, 3, 32, 96}},
    {510, 511, 255, 255, {15, 15, 224, 224}},
    {512, 512, 255, 255, {15, 15, 224, 224}},
    {513, 701, 255, 348, {15, 62, 224, 224}},
    {1023, 767, 340, 255, {116, 31, 224, 224}},
    {4999, 520, 2451, 255, {1113, 15, 224, 224}},
    {250, 170, 71, 49, {0, 0, 71, 49}},
    {20, 1000, 32, 32, {0, 0, 32, 32}},
    {1000, 20, 32, 32, {0, 0, 32, 32}},
    {300, 300, 32, 32, {31, 31, 1, 1}},
    {90, 9100, 44, 4500, {0, 0, 44, 4500}},
    {3, 5, 1, 1, {0, 0, 1, 1}},
    {1, 1, 40, 40, {4, 4, 32, 32}},
};

static uint32_t next_random(uint32_t *state) {
    *state = *state * 1664525u + 1013904223u;
    return *state >> 24;
}

/* Noise, half of it black or white: the sums at the ends of the scale are the ones that must be cut off. */
static dn_image noise(int width, int height, uint32_t seed) {
    const size_t size = 3 * (size_t)width * (size_t)height;
    const dn_image image = {.width = width, .height = height, .rgb = malloc(size)};
    assert_non_null(image.rgb);
    for (size_t i = 0; i < size; i++) {
        const uint32_t value = next_random(&seed), kind = next_random(&seed);
        image.rgb[i] = (uint8_t)(kind < 64 ? 0 : kind < 128 ? 255 : value);
    }
    return image;
}

static void plain_call(const uint8_t *in, int width, int height, const dni_window *window, float x_scale,
                       float y_scale, uint8_t *out) {
    assert_true(stbir_resize_subpixel(in, width, height, 0, out, window->width, window->height, 0,
                                      STBIR_TYPE_UINT8, 3, STBIR_ALPHA_CHANNEL_NONE, 0, STBIR_EDGE_CLAMP,
                                      STBIR_EDGE_CLAMP, STBIR_FILTER_TRIANGLE, STBIR_FILTER_TRIANGLE,
                                      STBIR_COLORSPACE_LINEAR, NULL, x_scale, y_scale, (float)window->left,
                                      (float)window->top));
}

static void resize_plainly(const dn_image *image, const resizing *r, uint8_t *out) {
    const float x_scale = (float)r->full_width / (float)r->width;
    const float y_scale = (float)r->full_height / (float)r->height;
    if (r->full_height >= r->height / 2) {
        plain_call(image->rgb, r->width, r->height, &r->window, x_scale, y_scale, out);
        return;
    }
    const dni_window rows = {.top = r->window.top, .width = r->width, .height = r->window.height};
    const dni_window columns = {.left = r->window.left, .width = r->window.width, .height = r->window.height};
    uint8_t *const shortened = malloc(3 * (size_t)rows.width * (size_t)rows.height);
    assert_non_null(shortened);
    plain_call(image->rgb, r->width, r->height, &rows, 1, y_scale, shortened);
    plain_call(shortened, r->width, rows.height, &columns, x_scale, 1, out);
    free(shortened);
}

/* Rows of the result are apart from each other, and what lies between them stays. */
static void compare(const resizing *r, const char *tier) {
    enum { GAP = 5, UNTOUCHED = 0xA5 };
    const size_t row = 3 * (size_t)r->window.width, pitch = row + GAP, height = (size_t)r->window.height;
    dn_image image = noise(r->width, r->height, (uint32_t)(r->width * 31 + r->height));
    uint8_t *const want = malloc(row * height), *const got = malloc(pitch * height);
    assert_non_null(want);
    assert_non_null(got);
    memset(got, UNTOUCHED, pitch * height);
    resize_plainly(&image, r, want);
    assert_true(dni_stb_resize(&image, r->full_width, r->full_height, &r->window, got, (int)pitch));
    for (size_t y = 0; y < height; y++) {
        if (memcmp(got + y * pitch, want + y * row, row) != 0)
            fail_msg("%s: %d x %d to %d x %d: row %zu differs", tier, r->width, r->height, r->full_width,
                     r->full_height, y);
        for (size_t i = 0; i < GAP; i++) assert_int_equal(got[y * pitch + row + i], UNTOUCHED);
    }
    free(want);
    free(got);
    dn_image_free(&image);
}

static void test_each_tier_gives_the_bits_of_plain_calls(void **state) {
    (void)state;
    for (dni_isa isa = DNI_ISA_PORTABLE; isa < DNI_ISA_COUNT; isa++) {
        if (!dni_cpu_has(isa)) continue;
        assert_int_equal(setenv("DN_ISA", dni_isa_name(isa), 1), 0);
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) compare(&cases[i], dni_isa_name(isa));
    }
    assert_int_equal(unsetenv("DN_ISA"), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_tier_gives_the_bits_of_plain_calls),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
