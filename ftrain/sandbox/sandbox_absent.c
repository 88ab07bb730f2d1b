/* SPDX-License-Identifier: MIT */
/* The sandbox of a program that was built without libseccomp: sandbox_check() says so. */
#include "ftrain/sandbox/sandbox.h"

#include "ftrain/shell/message.h"

const char *sandbox_library(void) {
    return NULL;
}

outcome sandbox_check(void) {
    message(
        "--sandbox: this ftrain was built without libseccomp and has none; with Debian's libseccomp-dev 'make' builds "
        "it in");
    return OUTCOME_USAGE;
}

outcome sandbox_enter_reader(const char *const *paths, size_t count) {
    (void)paths, (void)count;
    return sandbox_check();
}

outcome sandbox_enter_server(bool is_demanded) {
    if (is_demanded) return sandbox_check();
    message("without a sandbox: this ftrain was built without libseccomp");
    return OUTCOME_OK;
}
