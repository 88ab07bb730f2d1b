/* Files on POSIX: reads that are whole or fail, and the write-sync-rename sequence that never leaves half
 * a file. */
#include "io/file.h"

#include "core/error.h"
#include "io/retry.h"

#include <dirent.h>
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

/* ---- reading ---- */

/* O_NONBLOCK keeps a pipe without a writer from hanging us; and on a file that another process holds a
 * lease of it fails at once, where a plain open waits for the lease to be given up. */
static int open_file(const char *path) {
    for (int attempts = 0;;) {
        const int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
        if (descriptor >= 0 || !dni_retry(errno, &attempts)) return descriptor;
    }
}

static dn_status check_kind(dni_file *file, dn_error *error) {
    struct stat info;
    if (fstat(file->descriptor, &info) != 0)
        return dni_fail_errno(error, errno, "%s: cannot be examined", file->path);
    if (S_ISDIR(info.st_mode))
        return dni_fail(error, DN_ERR_FILE_KIND, "%s: is a folder, not a file", file->path);
    if (!S_ISREG(info.st_mode))
        return dni_fail(error, DN_ERR_FILE_KIND, "%s: is not a regular file", file->path);
    file->size = (uint64_t)info.st_size;
    return DN_OK;
}

dn_status dni_file_open(dni_file *out, const char *path, dn_error *error) {
    *out = (dni_file){.descriptor = open_file(path), .path = path};
    if (out->descriptor < 0) return dni_fail_errno(error, errno, "%s: cannot be opened", path);
    const dn_status status = check_kind(out, error);
    if (status) dni_file_close(out);
    return status;
}

void dni_file_close(dni_file *file) {
    if (file->descriptor >= 0) close(file->descriptor);
    file->descriptor = -1;
}

dn_status dni_file_read_at(const dni_file *file, void *out, size_t size, uint64_t offset, dn_error *error) {
    size_t done = 0;
    int attempts = 0;
    if (offset > INT64_MAX - size)
        return dni_fail(error, DN_ERR_TRUNCATED, "%s: ends before byte %" PRIu64, file->path, offset);
    while (done < size) {
        const ssize_t n =
            pread(file->descriptor, (char *)out + done, size - done, (off_t)(offset + (uint64_t)done));
        if (n < 0 && dni_retry(errno, &attempts)) continue;
        if (n < 0) return dni_fail_errno(error, errno, "%s: cannot be read", file->path);
        if (n == 0)
            return dni_fail(error, DN_ERR_TRUNCATED,
                            "%s: ends at byte %" PRIu64 "; it had %" PRIu64 " when it was opened", file->path,
                            offset + (uint64_t)done, file->size);
        done += (size_t)n;
    }
    return DN_OK;
}

static dn_status load_content(dni_file_content *out, const dni_file *file, dn_error *error) {
    if (file->size == 0) return DN_OK;
    if (file->size > DNI_FILE_LOAD_LIMIT)
        return dni_fail(error, DN_ERR_UNSUPPORTED,
                        "%s: %" PRIu64 " bytes are more than the %" PRIu64
                        " that a file read as a whole may have",
                        file->path, file->size, DNI_FILE_LOAD_LIMIT);
    const size_t size = (size_t)file->size;
    unsigned char *data = malloc(size);
    if (!data) return dni_no_memory(error, "%s: its %zu bytes", file->path, size);
    const dn_status status = dni_file_read_at(file, data, size, 0, error);
    if (status)
        free(data);
    else
        *out = (dni_file_content){.data = data, .size = size};
    return status;
}

dn_status dni_file_load(dni_file_content *out, const char *path, dn_error *error) {
    *out = (dni_file_content){0};
    dni_file file;
    dn_status status = dni_file_open(&file, path, error);
    if (status) return status;
    status = load_content(out, &file, error);
    dni_file_close(&file);
    return status;
}

void dni_file_unload(dni_file_content *content) {
    free(content->data);
    *content = (dni_file_content){0};
}

/* ---- writing ---- */

/* The temporary file is named by what it will be, so that the next writer of the same file finds what a
 * killed one left: ".densenet-HASH-SLOT.tmp", with the hash of the goal's name and the first slot that is
 * free. Its writer holds a lock of it, which ends with the process however that ends, on this machine or
 * on another one of the same file system: a temporary whose lock can be had is nobody's, and is removed. */
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

static char *folder_of(const char *path) {
    const char *name = dni_path_name(path);
    if (name == path) return strdup(".");
    return strndup(path, (size_t)(name - path));
}

enum { TEMPORARY_SIZE = 64 }; /* of the temporary's name without the folder */

/* Fills in the four names; false when out of memory. */
static bool set_names(dni_file_writer *writer, const char *path) {
    writer->path = strdup(path);
    writer->goal = realpath(path, NULL);
    if (!writer->goal) writer->goal = strdup(path); /* not there yet */
    if (!writer->path || !writer->goal) return false;
    writer->folder = folder_of(writer->goal);
    if (!writer->folder) return false;
    writer->temporary = malloc(strlen(writer->folder) + TEMPORARY_SIZE);
    return writer->temporary != NULL;
}

static void name_temporary(dni_file_writer *writer, unsigned slot) {
    const char *name = dni_path_name(writer->goal);
    snprintf(writer->temporary, strlen(writer->folder) + TEMPORARY_SIZE, "%s/.densenet-%016" PRIx64 "-%u.tmp",
             writer->folder, (uint64_t)XXH3_64bits(name, strlen(name)), slot);
}

/* Whether the name still means that file. */
static bool is_named(int descriptor, const char *path) {
    struct stat file, named;
    return fstat(descriptor, &file) == 0 && lstat(path, &named) == 0 && file.st_dev == named.st_dev &&
           file.st_ino == named.st_ino;
}

/* Whether there was a temporary of that name that no process writes, and is gone now. */
static bool remove_abandoned(const char *temporary) {
    const int descriptor = open(temporary, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (descriptor < 0) return false;
    const bool removed = flock(descriptor, LOCK_EX | LOCK_NB) == 0 && is_named(descriptor, temporary) &&
                         unlink(temporary) == 0;
    close(descriptor);
    return removed;
}

/* A new file, locked; open(), unlike mkstemp(), applies the umask. -1 with errno: EEXIST where the name is
 * taken, also by somebody who took the new file for abandoned before it was locked. */
static int create_locked(const char *temporary) {
    const int descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (descriptor < 0) return -1;
    while (flock(descriptor, LOCK_EX) != 0 && errno == EINTR)
        continue; /* without locks nobody removes it either */
    if (is_named(descriptor, temporary)) return descriptor;
    close(descriptor);
    errno = EEXIST;
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
    writer->lock = fcntl(writer->descriptor, F_DUPFD_CLOEXEC, 0);
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
    if (stat(path, &info) == 0 && !S_ISREG(info.st_mode))
        return dni_fail(error, DN_ERR_FILE_KIND, "%s: is not a regular file and cannot be replaced by one",
                        path);
    dni_file_writer *writer = calloc(1, sizeof *writer);
    if (!writer) return dni_no_memory(error, "%s", path);
    dn_status status =
        set_names(writer, path) ? open_temporary(writer, error) : dni_no_memory(error, "%s", path);
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

/* 0, or errno. */
static int sync_descriptor(int descriptor) {
    while (fsync(descriptor) != 0)
        if (errno != EINTR) return errno;
    return 0;
}

/* Makes the rename itself last. A folder that may not be read and a file system that cannot sync folders
 * leave that to the system. */
static dn_status sync_folder(const dni_file_writer *writer, dn_error *error) {
    const int descriptor = open(writer->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0) return DN_OK;
    const int number = sync_descriptor(descriptor);
    close(descriptor);
    if (number && number != EINVAL)
        return dni_fail_errno(error, number, "%s: its folder cannot be synced", writer->path);
    return DN_OK;
}

/* 0, or errno. A temporary that was taken from us, where the file system has no locks, is not taken for
 * ours. */
static int rename_temporary(const dni_file_writer *writer) {
    if (!is_named(writer->lock, writer->temporary)) return ENOENT;
    return rename(writer->temporary, writer->goal) == 0 ? 0 : errno;
}

dn_status dni_file_writer_commit(dni_file_writer *writer, dn_error *error) {
    flush(writer);
    int number = writer->failure;
    if (!number) number = sync_descriptor(writer->descriptor);
    if (close(writer->descriptor) != 0 && errno != EINTR && !number) number = errno;
    if (!number) number = rename_temporary(writer);
    dn_status status = DN_OK;
    if (number) {
        if (is_named(writer->lock, writer->temporary)) unlink(writer->temporary);
        status = dni_fail_errno(error, number, "%s: cannot be written", writer->path);
    } else {
        status = sync_folder(writer, error);
    }
    close(writer->lock);
    free_writer(writer);
    return status;
}

void dni_file_writer_abandon(dni_file_writer *writer) {
    if (!writer) return;
    if (is_named(writer->lock, writer->temporary)) unlink(writer->temporary);
    close(writer->descriptor);
    close(writer->lock);
    free_writer(writer);
}

/* ---- folders and paths ---- */

static dn_status make_folder(const char *path, dn_error *error) {
    if (mkdir(path, 0777) == 0) return DN_OK;
    const int number = errno;
    struct stat info;
    if (stat(path, &info) != 0) return dni_fail_errno(error, number, "%s: cannot be made", path);
    if (!S_ISDIR(info.st_mode))
        return dni_fail(error, DN_ERR_IO, "%s: is a file where a folder should be", path);
    return DN_OK;
}

dn_status dni_make_folders(const char *path, dn_error *error) {
    char *prefix = strdup(path);
    if (!prefix) return dni_no_memory(error, "%s", path);
    dn_status status = DN_OK;
    for (char *slash = strchr(prefix, '/'); slash && !status; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (*prefix) status = make_folder(prefix, error);
        *slash = '/';
    }
    if (!status) status = make_folder(prefix, error);
    free(prefix);
    return status;
}

char *dni_path_join(const char *folder, const char *name) {
    const size_t length = strlen(folder);
    const char *separator = length && folder[length - 1] != '/' ? "/" : "";
    const size_t size = length + strlen(name) + 2;
    char *path = malloc(size);
    if (path) snprintf(path, size, "%s%s%s", folder, separator, name);
    return path;
}

const char *dni_path_name(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

const char *dni_path_inside(const char *path, const char *folder) {
    size_t length = strlen(folder);
    while (length > 1 && folder[length - 1] == '/') length--;
    if (strncmp(path, folder, length) != 0) return NULL;
    const char *inside = path + length;
    if (*inside != '/' && folder[length - 1] != '/') return NULL;
    inside += strspn(inside, "/");
    return *inside ? inside : NULL;
}

static int append_name(dni_listing *listing, size_t *capacity, const char *name) {
    if (listing->count == *capacity) {
        const size_t wanted = *capacity ? 2 * *capacity : 64;
        char **names = realloc(listing->names, wanted * sizeof *names);
        if (!names) return 0;
        listing->names = names;
        *capacity = wanted;
    }
    char *copy = strdup(name);
    if (copy) listing->names[listing->count++] = copy;
    return copy != NULL;
}

static int by_bytes(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static dn_status read_folder(dni_listing *out, DIR *folder, const char *path, dn_error *error) {
    size_t capacity = 0;
    for (;;) {
        errno = 0; /* readdir() tells its end from a failure by errno alone */
        const struct dirent *entry = readdir(folder);
        if (!entry) break;
        if (entry->d_name[0] == '.') continue;
        if (!append_name(out, &capacity, entry->d_name)) return dni_no_memory(error, "%s: its names", path);
    }
    if (errno) return dni_fail_errno(error, errno, "%s: cannot be listed", path);
    return DN_OK;
}

dn_status dni_list_folder(dni_listing *out, const char *path, dn_error *error) {
    *out = (dni_listing){0};
    DIR *folder;
    int attempt = 0;
    do folder = opendir(path);
    while (!folder && dni_retry(errno, &attempt));
    if (!folder) return dni_fail_errno(error, errno, "%s: cannot be listed", path);
    const dn_status status = read_folder(out, folder, path, error);
    closedir(folder);
    if (status)
        dni_listing_free(out);
    else if (out->count)
        qsort(out->names, out->count, sizeof *out->names, by_bytes);
    return status;
}

void dni_listing_free(dni_listing *listing) {
    for (size_t i = 0; i < listing->count; i++) free(listing->names[i]);
    free(listing->names);
    *listing = (dni_listing){0};
}
