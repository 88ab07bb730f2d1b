/* SPDX-License-Identifier: MIT */
/* Addresses of pictures: base64 by the test vectors of RFC 4648, section 10. */
#include "ftrain/page/data_address.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void assert_encoded(const char *bytes, size_t size, const char *expected) {
    static const char prefix[] = "data:image/png;base64,";
    char *text = data_address("image/png", bytes, size);
    assert_non_null(text);
    assert_memory_equal(text, prefix, strlen(prefix));
    assert_string_equal(text + strlen(prefix), expected);
    free(text);
}

static void test_vectors(void **state) {
    (void)state;
    static const char *const vectors[][2] = {{"", ""},
                                             {"f", "Zg=="},
                                             {"fo", "Zm8="},
                                             {"foo", "Zm9v"},
                                             {"foob", "Zm9vYg=="},
                                             {"fooba", "Zm9vYmE="},
                                             {"foobar", "Zm9vYmFy"}};
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++)
        assert_encoded(vectors[i][0], strlen(vectors[i][0]), vectors[i][1]);
}

static void test_all_bits(void **state) {
    (void)state;
    assert_encoded("\xff\xff\xff", 3, "////");
    assert_encoded("\xfb\xef\xbe", 3, "++++");
    assert_encoded("\0\0\0", 3, "AAAA");
    assert_encoded("\0\x10\x83\x10\x51\x87", 6, "ABCDEFGH");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vectors),
        cmocka_unit_test(test_all_bits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
