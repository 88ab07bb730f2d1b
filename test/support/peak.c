/* SPDX-License-Identifier: MIT */
/* A child runs the function and writes what came of it into a pipe. */
#include "test/support/peak.h"

#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static size_t peak_bytes(void) {
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (size_t)usage.ru_maxrss * 1024;
}

peak_outcome peak_of(dn_status (*function)(const void *context, dn_error *error), const void *context) {
    int channel[2];
    assert_int_equal(pipe(channel), 0);
    const pid_t child = fork();
    assert_true(child >= 0);
    if (!child) {
        const size_t before = peak_bytes();
        peak_outcome found = {.error = {.message = ""}};
        found.status = function(context, &found.error);
        found.peak = peak_bytes() - before;
        _exit(write(channel[1], &found, sizeof found) != sizeof found);
    }
    peak_outcome found = {.status = DN_ERR_IO};
    int how;
    close(channel[1]);
    assert_int_equal(read(channel[0], &found, sizeof found), sizeof found);
    close(channel[0]);
    assert_int_equal(waitpid(child, &how, 0), child);
    assert_int_equal(how, 0);
    return found;
}
