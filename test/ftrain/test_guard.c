/* SPDX-License-Identifier: MIT */
/* Who may ask a server: names of hosts, origins, tokens. */
#include "ftrain/server/guard.h"
#include "test/support/files.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void test_hosts(void **state) {
    (void)state;
    static const char *const ours[] = {"127.0.0.1",    "127.0.0.1:8080",  "localhost", "LocalHost:1",
                                       "[::1]",        "[::1]:8080",      "10.1.2.3",  "[fe80::1]:80",
                                       "pictures.lan", "Pictures.LAN:443"};
    static const char *const others[] = {"",
                                         "evil.example",
                                         "localhost.evil.example",
                                         "127.0.0.1.evil.example",
                                         "::1",
                                         "127.0.0.1:80:80",
                                         "localhost:80a",
                                         "[localhost]",
                                         "[::1",
                                         "[::1]x",
                                         "user@localhost",
                                         "localhost ",
                                         "localhost:80, evil.example"};
    for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
        if (!guard_host_is_ours(ours[i], "pictures.lan")) fail_msg("refused: %s", ours[i]);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (guard_host_is_ours(others[i], "pictures.lan")) fail_msg("taken: %s", others[i]);
    assert_false(guard_host_is_ours("pictures.lan", NULL));
}

static void test_origins(void **state) {
    (void)state;
    assert_true(guard_origin_is_ours("http://127.0.0.1:8080", "127.0.0.1:8080"));
    assert_true(guard_origin_is_ours("https://pictures.lan", "Pictures.lan")); /* behind a proxy */
    assert_false(guard_origin_is_ours("http://127.0.0.1:8081", "127.0.0.1:8080"));
    assert_false(guard_origin_is_ours("http://evil.example", "127.0.0.1:8080"));
    assert_false(guard_origin_is_ours("null", "127.0.0.1:8080"));
    assert_false(guard_origin_is_ours("", "127.0.0.1:8080"));
    assert_false(guard_origin_is_ours("http://127.0.0.1:8080.evil.example", "127.0.0.1:8080"));
}

static void test_secrets(void **state) {
    (void)state;
    assert_true(guard_is_secret("abc", "abc"));
    assert_false(guard_is_secret("abd", "abc"));
    assert_false(guard_is_secret("ab", "abc"));
    assert_false(guard_is_secret("abca", "abc"));
    assert_false(guard_is_secret("abcabc", "abc"));
    assert_false(guard_is_secret("", "abc"));
}

static void test_bearer(void **state) {
    (void)state;
    assert_string_equal(guard_bearer("Bearer  abc"), "abc");
    assert_string_equal(guard_bearer("bearer abc"), "abc");
    assert_null(guard_bearer("Basic abc"));
    assert_null(guard_bearer("Bearer"));
}

static void test_drawn_tokens_differ(void **state) {
    (void)state;
    char one[GUARD_TOKEN], other[GUARD_TOKEN];
    dn_error error;
    assert_int_equal(guard_draw_token(one, &error), DN_OK);
    assert_int_equal(guard_draw_token(other, &error), DN_OK);
    assert_int_equal(strlen(one), GUARD_TOKEN - 1);
    assert_int_equal(strspn(one, "0123456789abcdef"), GUARD_TOKEN - 1);
    assert_string_not_equal(one, other);
}

static dn_status read_token(void **state, const char *content, char **token, dn_error *error) {
    const char *path = folder_path(state, "token");
    write_whole(path, content, strlen(content));
    return guard_read_token(token, path, error);
}

static void test_token_files(void **state) {
    char *token;
    dn_error error;
    assert_int_equal(read_token(state, "0123456789abcdef\r\nnot read\n", &token, &error), DN_OK);
    assert_string_equal(token, "0123456789abcdef");
    free(token);
    static const char *const refused[] = {"", "\n0123456789abcdef", "short\n", "0123456789 abcdef\n",
                                          "0123456789;abcdef\n"};
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        assert_int_equal(read_token(state, refused[i], &token, &error), DN_ERR_ARGUMENT);
        assert_null(token);
        assert_non_null(strstr(error.message, "/token: an access token has 16 to 200"));
    }
    assert_int_equal(guard_read_token(&token, folder_path(state, "none"), &error), DN_ERR_NOT_FOUND);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hosts),
        cmocka_unit_test(test_origins),
        cmocka_unit_test(test_secrets),
        cmocka_unit_test(test_bearer),
        cmocka_unit_test(test_drawn_tokens_differ),
        cmocka_unit_test_setup_teardown(test_token_files, folder_set_up, folder_tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
