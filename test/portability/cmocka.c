/* SPDX-License-Identifier: MIT */
/* The few functions of cmocka that the tests of core/ and layers/ call, for machines that are emulated here
 * and have no cmocka of their own. The header is cmocka's, and so is what a test prints. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { FAILED = 1, SKIPPED };
static jmp_buf after_failure;

static void failed(const char *file, int line) {
    fprintf(stderr, "[   LINE   ] --- %s:%d: error: Failure!\n", file, line);
    longjmp(after_failure, FAILED);
}

void print_error(const char *const format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
}

void print_message(const char *const format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vprintf(format, arguments);
    va_end(arguments);
}

void _skip(const char *const file, const int line) {
    (void)file, (void)line;
    longjmp(after_failure, SKIPPED);
}

void _fail(const char *const file, const int line) {
    failed(file, line);
}

void _assert_true(const LargestIntegralType result, const char *const expression, const char *const file,
                  const int line) {
    if (result) return;
    fprintf(stderr, "%s\n", expression);
    failed(file, line);
}

void _assert_int_equal(const LargestIntegralType a, const LargestIntegralType b, const char *const file,
                       const int line) {
    if (a == b) return;
    fprintf(stderr, "%#llx != %#llx\n", (unsigned long long)a, (unsigned long long)b);
    failed(file, line);
}

void _assert_string_equal(const char *const a, const char *const b, const char *const file, const int line) {
    if (strcmp(a, b) == 0) return;
    fprintf(stderr, "\"%s\" != \"%s\"\n", a, b);
    failed(file, line);
}

void _assert_string_not_equal(const char *const a, const char *const b, const char *file, const int line) {
    if (strcmp(a, b) != 0) return;
    fprintf(stderr, "\"%s\" == \"%s\"\n", a, b);
    failed(file, line);
}

void _assert_memory_equal(const void *const a, const void *const b, const size_t size, const char *const file,
                          const int line) {
    if (memcmp(a, b, size) == 0) return;
    fprintf(stderr, "%zu bytes differ\n", size);
    failed(file, line);
}

static int runs(const struct CMUnitTest *test, void *group_state) {
    void *state = test->initial_state ? test->initial_state : group_state;
    printf("[ RUN      ] %s\n", test->name);
    fflush(stdout); /* whoever is stopped for taking too long shall be seen */
    const int left = setjmp(after_failure);
    if (left == SKIPPED) {
        printf("[  SKIPPED ] %s\n", test->name);
        return 1;
    }
    if (left == FAILED || (test->setup_func && test->setup_func(&state))) {
        printf("[  FAILED  ] %s\n", test->name);
        return 0;
    }
    test->test_func(&state);
    if (test->teardown_func && test->teardown_func(&state)) failed(test->name, 0);
    printf("[       OK ] %s\n", test->name);
    return 1;
}

int _cmocka_run_group_tests(const char *name, const struct CMUnitTest *const tests, const size_t count,
                            CMFixtureFunction setup, CMFixtureFunction teardown) {
    void *state = NULL;
    int failures = 0;
    setvbuf(stdout, NULL, _IOLBF, BUFSIZ); /* how far it came is seen where it is killed, too */
    printf("[==========] Running %zu test(s).\n", count);
    if (setup && setup(&state)) return -1;
    for (size_t i = 0; i < count; i++) failures += !runs(&tests[i], state);
    if (teardown && teardown(&state)) failures++;
    printf("[  %s  ] %d of %s\n", failures ? "FAILED" : "PASSED", failures, name);
    return failures;
}
