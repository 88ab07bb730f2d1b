/* SPDX-License-Identifier: MIT */
/* Both locks, and what is said of them. */
#include "ftrain/sandbox/sandbox.h"

#include "ftrain/sandbox/filter.h"
#include "ftrain/sandbox/landlock.h"
#include "ftrain/shell/message.h"
#include "io/image_format.h"

#include <seccomp.h>
#include <stdio.h>
#include <time.h>

const char *sandbox_library(void) {
    static char name[40];
    const struct scmp_version *const found = seccomp_version();
    snprintf(name, sizeof name, "libseccomp %u.%u.%u", found->major, found->minor, found->micro);
    return name;
}

outcome sandbox_check(void) {
    return OUTCOME_OK;
}

/* What libraries look up when they are first used, and could not look up later. */
static void prepare(void) {
    tzset();
    dni_image_formats_prepare();
}

static outcome refuse(const dn_error *error) {
    message("--sandbox: %s", error->message);
    return OUTCOME_MACHINE;
}

outcome sandbox_enter_reader(const char *const *paths, size_t count) {
    dn_error error;
    prepare();
    dn_status status = landlock_enter(paths, count, &error);
    if (status == DN_ERR_UNSUPPORTED)
        message("--sandbox: %s: whatever you may read can be read in it", error.message);
    else if (status)
        return refuse(&error);
    return filter_load(FILTER_READER, &error) ? refuse(&error) : OUTCOME_OK;
}

outcome sandbox_enter_server(bool is_demanded) {
    dn_error error;
    prepare();
    const dn_status status = filter_load(FILTER_SERVER, &error);
    if (!status) {
        message("in a sandbox: it opens no file, starts no program and makes no connection from here on");
        return OUTCOME_OK;
    }
    if (is_demanded || status != DN_ERR_UNSUPPORTED) return refuse(&error);
    message("without a sandbox: %s", error.message);
    return OUTCOME_OK;
}
