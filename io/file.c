/* Files on POSIX: mmap, and the write-sync-rename sequence that never leaves half a file. */
#include "io/file.h"

#include "core/error.h"
#include "io/retry.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static dn_status map_descriptor(dni_mapping *out, int descriptor, const char *path, dn_error *error) {
    struct stat info;
    if (fstat(descriptor, &info) != 0) return dni_fail_errno(error, errno, "%s: cannot be examined", path);
    if (S_ISDIR(info.st_mode)) return dni_fail(error, DN_ERR_FILE_KIND, "%s: is a folder, not a file", path);
    if (!S_ISREG(info.st_mode)) return dni_fail(error, DN_ERR_FILE_KIND, "%s: is not a regular file", path);
    if (info.st_size == 0) return DN_OK;
    if ((uintmax_t)info.st_size > SIZE_MAX)
        return dni_no_memory(error, "%s: %jd bytes", path, (intmax_t)info.st_size);
    const size_t size = (size_t)info.st_size;
    void *data;
    int attempt = 0;
    do data = mmap(NULL, size, PROT_READ, MAP_PRIVATE, descriptor, 0);
    while (data == MAP_FAILED && dni_retry(errno, &attempt));
    if (data == MAP_FAILED) return dni_fail_errno(error, errno, "%s: cannot be mapped", path);
    *out = (dni_mapping){.data = data, .size = size};
    return DN_OK;
}

dn_status dni_file_map(dni_mapping *out, const char *path, dn_error *error) {
    *out = (dni_mapping){0};
    int descriptor, attempt = 0;
    do descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a pipe must not hang us */
    while (descriptor < 0 && dni_retry(errno, &attempt));
    if (descriptor < 0) return dni_fail_errno(error, errno, "%s: cannot be opened", path);
    const dn_status status = map_descriptor(out, descriptor, path, error);
    close(descriptor);
    return status;
}

void dni_file_unmap(dni_mapping *mapping) {
    /* munmap wants a pointer to non-const, though nobody writes through it. */
    if (mapping->data) munmap((void *)(uintptr_t)mapping->data, mapping->size);
    *mapping = (dni_mapping){0};
}

struct dni_file_writer {
    FILE *stream;
    char *path;      /* as the caller wrote it, for messages */
    char *goal;      /* with symbolic links followed: the file is replaced, not the link */
    char *folder;    /* the goal's */
    char *temporary; /* in that folder */
    int failure;     /* errno of the first write that failed */
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

/* Fills in the four names; 0 when out of memory. */
static int set_names(dni_file_writer *writer, const char *path) {
    writer->path = strdup(path);
    writer->goal = realpath(path, NULL);
    if (!writer->goal) writer->goal = strdup(path); /* not there yet */
    if (!writer->path || !writer->goal) return 0;
    writer->folder = folder_of(writer->goal);
    if (!writer->folder) return 0;
    const size_t size = strlen(writer->folder) + 64;
    writer->temporary = malloc(size);
    return writer->temporary != NULL;
}

/* Opens a new hidden file in the goal's folder; open(), unlike mkstemp(), applies the umask. */
static dn_status open_temporary(dni_file_writer *writer, dn_error *error) {
    const size_t size = strlen(writer->folder) + 64;
    int descriptor = -1;
    for (unsigned attempt = 0; attempt < 10000; attempt++) {
        snprintf(writer->temporary, size, "%s/.densenet-%ld-%u.tmp", writer->folder, (long)getpid(), attempt);
        descriptor = open(writer->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (descriptor >= 0 || errno != EEXIST) break;
    }
    if (descriptor < 0) return dni_fail_errno(error, errno, "%s: cannot be written", writer->path);
    writer->stream = fdopen(descriptor, "wb");
    if (writer->stream) return DN_OK;
    const int number = errno;
    close(descriptor);
    unlink(writer->temporary);
    return dni_fail_errno(error, number, "%s: cannot be written", writer->path);
}

dn_status dni_file_writer_open(dni_file_writer **out, const char *path, dn_error *error) {
    *out = NULL;
    struct stat info;
    if (!*dni_path_name(path)) return dni_fail(error, DN_ERR_ARGUMENT, "'%s' names no file to write", path);
    if (stat(path, &info) == 0 && !S_ISREG(info.st_mode))
        return dni_fail(error, DN_ERR_IO, "%s: is not a regular file and cannot be replaced by one", path);
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

dn_status dni_file_write(dni_file_writer *writer, const void *bytes, size_t size, dn_error *error) {
    if (!writer->failure && size && fwrite(bytes, 1, size, writer->stream) != size)
        writer->failure = errno ? errno : EIO;
    if (writer->failure) return dni_fail_errno(error, writer->failure, "%s: cannot be written", writer->path);
    return DN_OK;
}

/* Makes the rename itself last. A folder that may not be read and a file system that cannot sync folders
 * leave that to the system. */
static dn_status sync_folder(const dni_file_writer *writer, dn_error *error) {
    const int descriptor = open(writer->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0) return DN_OK;
    const int number = fsync(descriptor) == 0 || errno == EINVAL ? 0 : errno;
    close(descriptor);
    if (number) return dni_fail_errno(error, number, "%s: its folder cannot be synced", writer->path);
    return DN_OK;
}

dn_status dni_file_writer_commit(dni_file_writer *writer, dn_error *error) {
    int number = writer->failure;
    if (!number && (fflush(writer->stream) != 0 || fsync(fileno(writer->stream)) != 0)) number = errno;
    if (fclose(writer->stream) != 0 && !number) number = errno;
    if (!number && rename(writer->temporary, writer->goal) != 0) number = errno;
    dn_status status = DN_OK;
    if (number) {
        unlink(writer->temporary);
        status = dni_fail_errno(error, number, "%s: cannot be written", writer->path);
    } else {
        status = sync_folder(writer, error);
    }
    free_writer(writer);
    return status;
}

void dni_file_writer_abandon(dni_file_writer *writer) {
    if (!writer) return;
    fclose(writer->stream);
    unlink(writer->temporary);
    free_writer(writer);
}

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
