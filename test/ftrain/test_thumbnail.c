/* SPDX-License-Identifier: MIT */
/* Pictures made smaller: how large they become, and what is said where there is no memory for one. */
#include "ftrain/page/thumbnail.h"

#include "test/support/sanitizer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void assert_shrunk(int width, int height, int size, int expected_width, int expected_height) {
    const dn_image image = {
        .width = width, .height = height, .rgb = calloc(3, (size_t)width * (size_t)height)};
    dn_image small;
    dn_error error;
    assert_non_null(image.rgb);
    assert_int_equal(thumbnail_shrink(&small, &image, size, &error), DN_OK);
    assert_int_equal(small.width, expected_width);
    assert_int_equal(small.height, expected_height);
    dn_image_free(&small);
    free(image.rgb);
}

static void test_sizes(void **state) {
    (void)state;
    assert_shrunk(300, 200, 30, 30, 20);
    assert_shrunk(200, 300, 30, 20, 30);
    assert_shrunk(30, 20, 30, 30, 20); /* as it is */
    assert_shrunk(20, 10, 30, 20, 10);
    assert_shrunk(1000, 1, 10, 10, 1); /* no side is lost */
}

static void test_no_memory(void **state) {
    (void)state;
    if (SANITIZER_KEEPS_BLOCKS || SANITIZER_SHADOWS_MEMORY) skip(); /* they end where malloc() gives none */
    static uint8_t pixel[3];
    const dn_image image = {.width = 1 << 30, .height = 1 << 29, .rgb = pixel};
    dn_image small;
    dn_error error;
    assert_int_equal(thumbnail_shrink(&small, &image, 1 << 30, &error), DN_ERR_MEMORY);
    assert_null(small.rgb);
    assert_non_null(strstr(error.message, "1073741824 x 536870912"));
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_sizes), cmocka_unit_test(test_no_memory)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
