/* SPDX-License-Identifier: MIT */
/* Landlock (Linux 5.13 and later; docs.kernel.org/userspace-api/landlock.html), which glibc has no functions
 * for. All rights of its first version are taken, so that no version has to be asked for: what later ones
 * add, cutting files and calls on devices, the filter forbids. Moves between folders are refused by every
 * version. */
#include "ftrain/sandbox/landlock.h"

#include "core/error.h"
#include "ftrain/sandbox/filter.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(SYS_landlock_create_ruleset) && __has_include(<linux/landlock.h>)
#include <linux/landlock.h>

#ifndef O_PATH /* glibc's <fcntl.h> has it for _GNU_SOURCE alone */
#define O_PATH 010000000
#endif

static const uint64_t read_file = LANDLOCK_ACCESS_FS_READ_FILE;
static const uint64_t read_folder = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;
static const uint64_t all_rights =
    LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_READ_FILE |
    LANDLOCK_ACCESS_FS_READ_DIR | LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE |
    LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG |
    LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_BLOCK |
    LANDLOCK_ACCESS_FS_MAKE_SYM;

/* One that is not there, or may not be searched, is told by whoever reads it: exactly as without Landlock. */
static int allow(int rules, const char *path) {
    struct stat about;
    const int opened = open(path, O_PATH | O_CLOEXEC);
    if (opened < 0)
        return errno == ENOENT || errno == ENOTDIR || errno == EACCES || errno == ELOOP ||
                       errno == ENAMETOOLONG
                   ? 0
                   : errno;
    int reason = fstat(opened, &about) ? errno : 0;
    if (!reason) {
        const struct landlock_path_beneath_attr rule = {
            .allowed_access = S_ISDIR(about.st_mode) ? read_folder : read_file, .parent_fd = opened};
        if (syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &rule, 0)) reason = errno;
    }
    close(opened);
    return reason;
}

static dn_status fail_on(const char *what, int reason, dn_error *error) {
    return dni_fail(error, reason == ENOMEM ? DN_ERR_MEMORY : DN_ERR_IO, "%s: Landlock: %s", what,
                    strerror(reason));
}

static dn_status enter(int rules, const char *const *paths, size_t count, dn_error *error) {
    for (size_t i = 0; i < count; i++) {
        const int reason = allow(rules, paths[i]);
        if (reason) return fail_on(paths[i], reason, error);
    }
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || syscall(SYS_landlock_restrict_self, rules, 0))
        return fail_on("the process", errno, error);
    return DN_OK;
}

dn_status landlock_enter(const char *const *paths, size_t count, dn_error *error) {
    const struct landlock_ruleset_attr attributes = {.handled_access_fs = all_rights};
    const int rules =
        (int)syscall(SYS_landlock_create_ruleset, &attributes, sizeof attributes.handled_access_fs, 0);
    if (rules < 0 && (errno == ENOSYS || errno == EOPNOTSUPP || errno == EPERM))
        return dni_fail(error, DN_ERR_UNSUPPORTED, "the kernel has no Landlock");
    if (rules < 0) return fail_on("the process", errno, error);
    dn_status status = DN_OK;
#if FILTER_BEARS_LEAK_SEARCH
    const int reason = allow(rules, "/proc");
    if (reason) status = fail_on("/proc", reason, error);
#endif
    if (!status) status = enter(rules, paths, count, error);
    close(rules);
    return status;
}

#else

dn_status landlock_enter(const char *const *paths, size_t count, dn_error *error) {
    (void)paths, (void)count;
    return dni_fail(error, DN_ERR_UNSUPPORTED, "this ftrain was built where Linux has no Landlock");
}

#endif
