/* SPDX-License-Identifier: MIT */
/* Files on POSIX: reads that are whole or fail; folders and paths. */
#include "io/file.h"

#include "core/error.h"
#include "io/retry.h"
#include "io/sync.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- reading ---- */

enum { TOLD_BYTES = 1 << 20 }; /* read at most before somebody is told */

/* O_NONBLOCK keeps a pipe without a writer from hanging us; and on a file that another process holds a
 * lease of it fails at once, where a plain open waits for the lease to be given up. */
static int open_file(const char *path) {
    return dni_open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK, 0);
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

dni_file dni_file_of_memory(const void *bytes, size_t size, const char *name) {
    static const unsigned char nothing[1];
    return (dni_file){.descriptor = -1, .size = size, .path = name, .bytes = bytes ? bytes : nothing};
}

static dn_status read_memory(const dni_file *file, void *out, size_t size, uint64_t offset, dn_error *error) {
    if (offset > file->size || size > file->size - offset)
        return dni_fail(error, DN_ERR_TRUNCATED, "%s: ends at byte %" PRIu64, file->path, file->size);
    if (size) memcpy(out, file->bytes + offset, size);
    return DN_OK;
}

/* The file ends at byte `end`, and was to be read beyond. */
static dn_status ends(const dni_file *file, size_t size, uint64_t offset, uint64_t end, dn_error *error) {
    const bool was_whole = offset + size <= file->size;
    return dni_fail(error, was_whole && !file->is_left_out ? DN_ERR_IO : DN_ERR_TRUNCATED,
                    "%s: ends at byte %" PRIu64 "; it had %" PRIu64 " when it was opened", file->path, end,
                    file->size);
}

static dn_status read_descriptor(const dni_file *file, void *out, size_t size, uint64_t offset,
                                 dn_error *error) {
    size_t done = 0;
    int attempts = 0;
    if (offset > INT64_MAX - size)
        return dni_fail(error, DN_ERR_TRUNCATED, "%s: ends before byte %" PRIu64, file->path, offset);
    while (done < size) {
        const ssize_t n =
            pread(file->descriptor, (char *)out + done, size - done, (off_t)(offset + (uint64_t)done));
        if (n < 0 && dni_retry(errno, &attempts)) continue;
        if (n < 0) return dni_fail_errno(error, errno, "%s: cannot be read", file->path);
        if (n == 0) return ends(file, size, offset, offset + (uint64_t)done, error);
        done += (size_t)n;
    }
    return DN_OK;
}

static dn_status read_piece(const dni_file *file, void *out, size_t size, uint64_t offset, dn_error *error) {
    return file->bytes ? read_memory(file, out, size, offset, error)
                       : read_descriptor(file, out, size, offset, error);
}

/* The whole is told by whoever knows that all is done. */
static dn_status tell(const dni_file *file, size_t size, dn_error *error) {
    dni_reading *reading = file->reading;
    reading->done += size;
    if (reading->done >= file->size || !reading->on_progress(reading->context, reading->done, file->size))
        return DN_OK;
    return dni_fail(error, DN_ERR_CANCELLED,
                    "%s: reading was cancelled after %" PRIu64 " of %" PRIu64 " bytes", file->path,
                    reading->done, file->size);
}

dn_status dni_file_read_at(const dni_file *file, void *out, size_t size, uint64_t offset, dn_error *error) {
    const size_t most = file->reading ? TOLD_BYTES : size;
    dn_status status = DN_OK;
    size_t done = 0;
    do {
        const size_t piece = size - done < most ? size - done : most;
        status = read_piece(file, (char *)out + done, piece, offset + done, error);
        done += piece;
        if (!status && piece && file->reading) status = tell(file, piece, error);
    } while (!status && done < size);
    return status;
}

void *dni_file_view(const dni_file *file, size_t size, uint64_t offset, size_t alignment) {
    if (!file->bytes || !file->is_lasting || offset > file->size || size > file->size - offset) return NULL;
    const uintptr_t place = (uintptr_t)file->bytes + (size_t)offset;
    return place % alignment ? NULL : (void *)place; /* a view: nobody writes through it */
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
    file.is_left_out = true;
    status = load_content(out, &file, error);
    dni_file_close(&file);
    return status;
}

void dni_file_unload(dni_file_content *content) {
    free(content->data);
    *content = (dni_file_content){0};
}

/* ---- folders and paths ---- */

/* What is put into a new folder lasts only where the folder's own name does. */
static dn_status make_folder(const char *path, dn_error *error) {
    if (mkdir(path, 0777) == 0) return dni_sync_folder_of(path, error);
    int number = errno;
    struct stat info;
    if (stat(path, &info) != 0) {
        if (number == EEXIST && errno != ENOENT) number = errno; /* what is there cannot be looked at */
        return dni_fail_errno(error, number, "%s: cannot be made", path);
    }
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

char *dni_path_folder(const char *path) {
    size_t length = strlen(path);
    while (length && path[length - 1] == '/') length--;
    while (length && path[length - 1] != '/') length--;
    if (length) return strndup(path, length);
    return strdup(*path == '/' ? "/" : ".");
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
