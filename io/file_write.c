/* SPDX-License-Identifier: MIT */
/* Writing files: the write-sync-rename sequence that never leaves half a file. */
#include "io/file.h"

#include "core/error.h"
#include "io/entry.h"
#include "io/retry.h"
#include "io/sync.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

/* The temporary file is named by what it will be, so that the next writer of the same file finds what a
 * killed one left: ".densenet-HASH-SLOT.tmp", with the hash of the goal's name and the first slot that is
 * free. Its writer holds a lock of it, which ends with the process however that ends, on this machine or
 * on another one of the same file system: a temporary whose lock can be had is nobody's, and is removed.
 *
 * A file without a name (O_TMPFILE), which linkat() gives one when it is whole, would leave nothing at all.
 * But linkat() cannot replace a file: what is there would have to go first, or a second name be given and
 * renamed, which is a temporary again; and not every file system has it. */
enum { BUFFER_SIZE = 1 << 16, SLOTS = 10000, SWEPT_SLOTS = 16 };

struct dni_file_writer {
    int descriptor;
    int lock;     /* a second descriptor, which holds the lock until the rename, when the first is closed */
    char *path;   /* as the caller wrote it, for messages */
    char *goal;   /* with symbolic links followed: the file is replaced, not the link */
    char *folder; /* the goal's */
    char *temporary; /* in that folder */
    int failure;     /* errno of the first write that failed */
    size_t used;     /* of buffer */
    char buffer[BUFFER_SIZE];
};

static void free_writer(dni_file_writer *writer) {
    free(writer->path);
    free(writer->goal);
    free(writer->folder);
    free(writer->temporary);
    free(writer);
}

enum { TEMPORARY_SIZE = 64 }; /* of the temporary's name without the folder */

/* Fills in the four names. A goal that is not there yet leads nowhere else; one that cannot be followed for
 * another reason, as want of memory, must not be taken for such a one: its link would be replaced. */
static dn_status set_names(dni_file_writer *writer, const char *path, dn_error *error) {
    writer->goal = realpath(path, NULL);
    if (!writer->goal && errno != ENOENT) return dni_fail_errno(error, errno, "%s: cannot be written", path);
    if (!writer->goal) writer->goal = strdup(path);
    writer->path = strdup(path);
    if (!writer->path || !writer->goal) return dni_no_memory(error, "%s", path);
    writer->folder = dni_path_folder(writer->goal);
    if (writer->folder) writer->temporary = malloc(strlen(writer->folder) + TEMPORARY_SIZE);
    return writer->temporary ? DN_OK : dni_no_memory(error, "%s", path);
}

static void name_temporary(dni_file_writer *writer, unsigned slot) {
    const char *name = dni_path_name(writer->goal);
    snprintf(writer->temporary, strlen(writer->folder) + TEMPORARY_SIZE, "%s/.densenet-%016" PRIx64 "-%u.tmp",
             writer->folder, (uint64_t)XXH3_64bits(name, strlen(name)), slot);
}

/* Whether there was a temporary of that name that no process writes, and is gone now. */
static bool remove_abandoned(const char *temporary) {
    const int descriptor = dni_open(temporary, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0);
    if (descriptor < 0) return false;
    const bool removed = flock(descriptor, LOCK_EX | LOCK_NB) == 0 &&
                         dni_entry_is_open(temporary, descriptor) == 1 && unlink(temporary) == 0;
    close(descriptor);
    return removed;
}

/* A new file, locked; open(), unlike mkstemp(), applies the umask. -1 with errno: EEXIST where the name is
 * taken, also by somebody who took the new file for abandoned before it was locked. */
static int create_locked(const char *temporary) {
    const int descriptor = dni_open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (descriptor < 0) return -1;
    while (flock(descriptor, LOCK_EX) != 0 && errno == EINTR)
        continue; /* without locks nobody removes it either */
    const int named = dni_entry_is_open(temporary, descriptor), number = named < 0 ? errno : EEXIST;
    if (named > 0) return descriptor;
    if (named < 0) unlink(temporary);
    close(descriptor);
    errno = number;
    return -1;
}

/* Takes the first slot that is free, and removes what killed writers left in it and in some behind it. */
static int create_temporary(dni_file_writer *writer) {
    int descriptor = -1, number = EEXIST;
    unsigned slot = 0;
    for (; descriptor < 0 && number == EEXIST && slot < SLOTS; slot++) {
        name_temporary(writer, slot);
        descriptor = create_locked(writer->temporary);
        number = errno;
        if (descriptor >= 0 || number != EEXIST || !remove_abandoned(writer->temporary)) continue;
        descriptor = create_locked(writer->temporary);
        number = errno;
    }
    for (unsigned behind = slot; descriptor >= 0 && behind < SWEPT_SLOTS; behind++) {
        name_temporary(writer, behind);
        remove_abandoned(writer->temporary);
    }
    name_temporary(writer, slot - 1); /* the one that was tried last */
    errno = number;
    return descriptor;
}

static dn_status open_temporary(dni_file_writer *writer, dn_error *error) {
    writer->descriptor = create_temporary(writer);
    if (writer->descriptor < 0) return dni_fail_errno(error, errno, "%s: cannot be written", writer->path);
    writer->lock = dni_duplicate(writer->descriptor);
    if (writer->lock >= 0) return DN_OK;
    const int number = errno;
    unlink(writer->temporary);
    close(writer->descriptor);
    return dni_fail_errno(error, number, "%s: cannot be written", writer->path);
}

dn_status dni_file_writer_open(dni_file_writer **out, const char *path, dn_error *error) {
    *out = NULL;
    struct stat info;
    if (!*dni_path_name(path)) return dni_fail(error, DN_ERR_ARGUMENT, "'%s' names no file to write", path);
    const bool is_there = stat(path, &info) == 0;
    if (!is_there && errno != ENOENT) return dni_fail_errno(error, errno, "%s: cannot be written", path);
    if (is_there && !S_ISREG(info.st_mode))
        return dni_fail(error, DN_ERR_FILE_KIND, "%s: is not a regular file and cannot be replaced by one",
                        path);
    dni_file_writer *writer = calloc(1, sizeof *writer);
    if (!writer) return dni_no_memory(error, "%s", path);
    dn_status status = set_names(writer, path, error);
    if (!status) status = open_temporary(writer, error);
    if (status) {
        free_writer(writer);
        return status;
    }
    *out = writer;
    return DN_OK;
}

static void write_through(dni_file_writer *writer, const char *bytes, size_t size) {
    int attempts = 0;
    while (size && !writer->failure) {
        const ssize_t n = write(writer->descriptor, bytes, size);
        if (n < 0 && dni_retry(errno, &attempts)) continue;
        if (n <= 0) {
            writer->failure = n < 0 ? errno : EIO;
            return;
        }
        bytes += n;
        size -= (size_t)n;
    }
}

static void flush(dni_file_writer *writer) {
    write_through(writer, writer->buffer, writer->used);
    writer->used = 0;
}

dn_status dni_file_write(dni_file_writer *writer, const void *bytes, size_t size, dn_error *error) {
    if (size > BUFFER_SIZE - writer->used) flush(writer);
    if (size >= BUFFER_SIZE) {
        write_through(writer, bytes, size);
    } else if (size) {
        memcpy(writer->buffer + writer->used, bytes, size);
        writer->used += size;
    }
    if (writer->failure) return dni_fail_errno(error, writer->failure, "%s: cannot be written", writer->path);
    return DN_OK;
}

dn_status dni_file_writer_sync(dni_file_writer *writer, dn_error *error) {
    flush(writer);
    const int number = writer->failure ? writer->failure : dni_sync(writer->descriptor);
    return number ? dni_fail_errno(error, number, "%s: cannot be written", writer->path) : DN_OK;
}

static void remove_temporary(const dni_file_writer *writer) {
    if (dni_entry_is_open(writer->temporary, writer->lock))
        unlink(writer->temporary); /* also where it cannot be told */
}

/* 0, or errno. A temporary that was taken from us, where the file system has no locks, is not taken for
 * ours. */
static int rename_temporary(const dni_file_writer *writer) {
    const int named = dni_entry_is_open(writer->temporary, writer->lock);
    if (named <= 0) return named ? errno : ENOENT;
    return rename(writer->temporary, writer->goal) == 0 ? 0 : errno;
}

dn_status dni_file_writer_commit(dni_file_writer *writer, dn_error *error) {
    flush(writer);
    int number = writer->failure;
    if (!number) number = dni_sync(writer->descriptor);
    if (close(writer->descriptor) != 0 && errno != EINTR && !number) number = errno;
    if (!number) number = rename_temporary(writer);
    dn_status status = DN_OK;
    if (number) {
        remove_temporary(writer);
        status = dni_fail_errno(error, number, "%s: cannot be written", writer->path);
    } else {
        status = dni_sync_folder(writer->folder, writer->path, error);
    }
    close(writer->lock);
    free_writer(writer);
    return status;
}

void dni_file_writer_abandon(dni_file_writer *writer) {
    if (!writer) return;
    remove_temporary(writer);
    close(writer->descriptor);
    close(writer->lock);
    free_writer(writer);
}
