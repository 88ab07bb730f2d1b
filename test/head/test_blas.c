/* SPDX-License-Identifier: MIT */
/* OpenBLAS's memory is looked for before OpenBLAS does. */
#include "head/blas.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/* Bytes of address space that this process has taken. */
static rlim_t taken(void) {
    unsigned long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (file && fscanf(file, "%lu", &pages) != 1) pages = 0;
    if (file) fclose(file);
    return (rlim_t)pages * (rlim_t)sysconf(_SC_PAGESIZE);
}

/* In a process that may map 100 MB more: 0 when that is said, and when it may map more, nothing is said. */
static int ask_with_little_memory(void) {
    dn_error error;
    alarm(60); /* rather than try for ever */
    const rlim_t now = taken();
    if (!now || setrlimit(RLIMIT_AS, &(struct rlimit){now + (100u << 20), RLIM_INFINITY}) != 0) return 2;
    if (dni_blas_acquire(&error) != DN_ERR_MEMORY) return 3;
    if (!strstr(error.message, "OpenBLAS's buffer of 128 MB): out of memory")) return 4;
    if (setrlimit(RLIMIT_AS, &(struct rlimit){RLIM_INFINITY, RLIM_INFINITY}) != 0) return 5;
    if (dni_blas_acquire(&error) != DN_OK) return 6;
    /* a second product at the same time takes a second buffer; one after the other take the same */
    if (setrlimit(RLIMIT_AS, &(struct rlimit){taken() + (100u << 20), RLIM_INFINITY}) != 0) return 7;
    if (dni_blas_acquire(&error) != DN_ERR_MEMORY) return 8;
    dni_blas_release();
    if (dni_blas_acquire(&error) != DN_OK) return 9;
    dni_blas_release();
    return 0;
}

static void test_a_buffer_that_cannot_be_had_is_an_error(void **state) {
    (void)state;
    fflush(stdout);
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) _exit(ask_with_little_memory());
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_a_buffer_that_cannot_be_had_is_an_error)};
    return cmocka_run_group_tests_name("blas", tests, NULL, NULL);
}
