/* SPDX-License-Identifier: MIT */
/* What a path leads to, by stat(). */
#include "io/entry.h"

#include "core/error.h"
#include "io/retry.h"

#include <errno.h>
#include <sys/stat.h>

dn_status dni_entry_look(dni_entry *out, const char *path, dn_error *error) {
    struct stat info;
    int attempt = 0, failed;
    do failed = stat(path, &info);
    while (failed && dni_retry(errno, &attempt));
    if (failed) return dni_fail_errno(error, errno, "%s: cannot be opened", path);
    if (!S_ISREG(info.st_mode) && !S_ISDIR(info.st_mode))
        return dni_fail(error, DN_ERR_FILE_KIND, "%s: is not a regular file", path);
    *out = (dni_entry){.kind = S_ISDIR(info.st_mode) ? DNI_ENTRY_FOLDER : DNI_ENTRY_FILE,
                       .device = info.st_dev,
                       .inode = info.st_ino};
    return DN_OK;
}

dn_status dni_entry_find(dni_entry *out, const char *path, dn_error *error) {
    const dn_status status = dni_entry_look(out, path, error);
    if (status != DN_ERR_IO) return status;
    if (error) error->status = DN_ERR_NOT_FOUND; /* as for a link into a drive that does not answer */
    return DN_ERR_NOT_FOUND;
}

int dni_entry_is_open(const char *path, int descriptor) {
    struct stat opened, named;
    if (fstat(descriptor, &opened) != 0) return -1;
    if (stat(path, &named) != 0) return errno == ENOENT ? 0 : -1;
    return opened.st_dev == named.st_dev && opened.st_ino == named.st_ino;
}

bool dni_entry_is_same(const dni_entry *a, const dni_entry *b) {
    return a->device == b->device && a->inode == b->inode;
}
