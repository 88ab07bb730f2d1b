/* SPDX-License-Identifier: MIT */
/* fsync(), which POSIX asks for of a file and of its folder: the one does not do the other. */
#include "io/sync.h"

#include "core/error.h"
#include "io/file.h"
#include "io/retry.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

int dni_sync(int descriptor) {
    while (fsync(descriptor) != 0)
        if (errno != EINTR) return errno;
    return 0;
}

dn_status dni_sync_folder(const char *folder, const char *path, dn_error *error) {
    const int descriptor = dni_open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
    int number = descriptor < 0 ? errno : dni_sync(descriptor);
    if (descriptor >= 0) close(descriptor);
    if (!number || number == EACCES || number == EINVAL) return DN_OK;
    return dni_fail_errno(error, number, "%s: its folder cannot be synced", path);
}

dn_status dni_sync_folder_of(const char *path, dn_error *error) {
    char *folder = dni_path_folder(path);
    if (!folder) return dni_no_memory(error, "%s", path);
    const dn_status status = dni_sync_folder(folder, path, error);
    free(folder);
    return status;
}
