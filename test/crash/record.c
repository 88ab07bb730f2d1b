/* SPDX-License-Identifier: MIT */
/* A library to be preloaded (LD_PRELOAD), which writes down what a program does to files, for
 * test/crash/disk.py.
 *
 *     RECORD_LOG    the file that it writes: one record after the other, see `record`
 *
 * Only what succeeded is written down, in the order in which it happened: a lock is held over the call and
 * its record. Descriptors that open() gave are followed until close(); a program that writes to a file in a
 * way that is not here (fopen(), a mapping) is found out, because what was written down then does not give
 * the files that are there. */
#undef _FILE_OFFSET_BITS /* open and open64 are two functions here */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define EXPORTED __attribute__((visibility("default")))

enum { OPEN = 1, WRITE, TRUNCATE, SYNC, RENAME, LINK, UNLINK, MKDIR, RMDIR, MARK };
enum { FOLLOWED = 4096, PATH_SIZE = 4096, LOG_DESCRIPTOR = 900 };

/* Of `size` and `second_size` bytes that follow: a path or what was written; and a second path. */
typedef struct record {
    int32_t what, descriptor;
    int64_t number; /* OPEN: its flags; WRITE: the offset; TRUNCATE: the size; MARK: what is marked */
    uint32_t size, second_size;
} record;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static bool followed[FOLLOWED]; /* by descriptor */
static int log_file = -1;

/* The next definition of a function. POSIX, not ISO C, makes a function of an object's pointer. */
#define REAL(name) (__extension__(__typeof__(&name)) dlsym(RTLD_NEXT, #name))

__attribute__((constructor)) static void begin(void) {
    const char *path = getenv("RECORD_LOG");
    const int opened = path ? REAL(open)(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666) : -1;
    /* out of the way: the program's descriptors have the numbers that they would have without us */
    if (opened >= 0) log_file = fcntl(opened, F_DUPFD_CLOEXEC, LOG_DESCRIPTOR);
    if (opened >= 0) REAL(close)(opened);
}

static void put(const void *bytes, size_t size) {
    while (size) {
        const ssize_t n = syscall(SYS_write, log_file, bytes, size);
        if (n <= 0) abort(); /* a test's record that is not whole proves nothing */
        bytes = (const char *)bytes + n;
        size -= (size_t)n;
    }
}

static void note(int what, int descriptor, int64_t number, const void *bytes, size_t size,
                 const char *second) {
    const record head = {.what = what,
                         .descriptor = descriptor,
                         .number = number,
                         .size = (uint32_t)size,
                         .second_size = second ? (uint32_t)strlen(second) : 0};
    if (log_file < 0) return;
    put(&head, sizeof head);
    put(bytes, size);
    put(second, head.second_size);
}

/* The path from the root on; what is odd in it (., //) is left to who reads it. */
static const char *absolute(const char *path, char room[2 * PATH_SIZE]) {
    char folder[PATH_SIZE];
    if (*path == '/' || !getcwd(folder, sizeof folder)) return path;
    snprintf(room, 2 * PATH_SIZE, "%s/%s", folder, path);
    return room;
}

static void note_paths(int what, int descriptor, int64_t number, const char *path, const char *second) {
    const int before = errno;
    char room[2][2 * PATH_SIZE];
    const char *whole = absolute(path, room[0]);
    note(what, descriptor, number, whole, strlen(whole), second ? absolute(second, room[1]) : NULL);
    errno = before;
}

static bool follows(int descriptor) {
    return descriptor >= 0 && descriptor < FOLLOWED && followed[descriptor];
}

/* ---- opening and closing ---- */

static void note_opened(int descriptor, const char *path, int flags) {
    if (descriptor < 0) return;
    if (descriptor >= FOLLOWED) abort();
    followed[descriptor] = true;
    note_paths(OPEN, descriptor, flags, path, NULL);
}

#define DEFINE_OPEN(name)                                                                                    \
    EXPORTED int name(const char *path, int flags, ...) {                                                    \
        va_list arguments;                                                                                   \
        va_start(arguments, flags);                                                                          \
        const mode_t mode = flags & O_CREAT ? va_arg(arguments, mode_t) : 0;                                 \
        va_end(arguments);                                                                                   \
        pthread_mutex_lock(&lock);                                                                           \
        const int opened = REAL(name)(path, flags, mode);                                                    \
        note_opened(opened, path, flags);                                                                    \
        pthread_mutex_unlock(&lock);                                                                         \
        return opened;                                                                                       \
    }
DEFINE_OPEN(open)
DEFINE_OPEN(open64)

/* What a fortified program calls where the flags are no constant. */
#define DEFINE_FORTIFIED_OPEN(fortified, name)                                                               \
    EXPORTED int fortified(const char *path, int flags);                                                     \
    EXPORTED int fortified(const char *path, int flags) {                                                    \
        return name(path, flags);                                                                            \
    }
DEFINE_FORTIFIED_OPEN(__open_2, open)
DEFINE_FORTIFIED_OPEN(__open64_2, open64)

EXPORTED int close(int descriptor) {
    pthread_mutex_lock(&lock);
    if (descriptor >= 0 && descriptor < FOLLOWED) followed[descriptor] = false;
    const int result = descriptor == log_file ? 0 : REAL(close)(descriptor);
    pthread_mutex_unlock(&lock);
    return result;
}

/* ---- content ---- */

EXPORTED ssize_t write(int descriptor, const void *bytes, size_t size) {
    if (!follows(descriptor)) return REAL(write)(descriptor, bytes, size);
    pthread_mutex_lock(&lock);
    const ssize_t n = REAL(write)(descriptor, bytes, size);
    const int before = errno;
    if (n > 0) note(WRITE, descriptor, lseek(descriptor, 0, SEEK_CUR) - n, bytes, (size_t)n, NULL);
    errno = before;
    pthread_mutex_unlock(&lock);
    return n;
}

#define DEFINE_PWRITE(name, offset_type)                                                                     \
    EXPORTED ssize_t name(int descriptor, const void *bytes, size_t size, offset_type offset) {              \
        pthread_mutex_lock(&lock);                                                                           \
        const ssize_t n = REAL(name)(descriptor, bytes, size, offset);                                       \
        if (n > 0 && follows(descriptor)) note(WRITE, descriptor, offset, bytes, (size_t)n, NULL);           \
        pthread_mutex_unlock(&lock);                                                                         \
        return n;                                                                                            \
    }
DEFINE_PWRITE(pwrite, off_t)
DEFINE_PWRITE(pwrite64, off64_t)

#define DEFINE_TRUNCATE(name, offset_type)                                                                   \
    EXPORTED int name(int descriptor, offset_type size) {                                                    \
        pthread_mutex_lock(&lock);                                                                           \
        const int result = REAL(name)(descriptor, size);                                                     \
        if (!result && follows(descriptor)) note(TRUNCATE, descriptor, size, NULL, 0, NULL);                 \
        pthread_mutex_unlock(&lock);                                                                         \
        return result;                                                                                       \
    }
DEFINE_TRUNCATE(ftruncate, off_t)
DEFINE_TRUNCATE(ftruncate64, off64_t)

#define DEFINE_SYNC(name)                                                                                    \
    EXPORTED int name(int descriptor) {                                                                      \
        pthread_mutex_lock(&lock);                                                                           \
        const int result = REAL(name)(descriptor);                                                           \
        if (!result && follows(descriptor)) note(SYNC, descriptor, 0, NULL, 0, NULL);                        \
        pthread_mutex_unlock(&lock);                                                                         \
        return result;                                                                                       \
    }
DEFINE_SYNC(fsync)
DEFINE_SYNC(fdatasync)

/* ---- names ---- */

#define DEFINE_OF_PATH(what, name, parameters, arguments, path, second)                                      \
    EXPORTED int name parameters {                                                                           \
        pthread_mutex_lock(&lock);                                                                           \
        const int result = REAL(name) arguments;                                                             \
        if (!result) note_paths(what, -1, 0, path, second);                                                  \
        pthread_mutex_unlock(&lock);                                                                         \
        return result;                                                                                       \
    }
DEFINE_OF_PATH(RENAME, rename, (const char *from, const char *to), (from, to), from, to)
DEFINE_OF_PATH(LINK, link, (const char *from, const char *to), (from, to), from, to)
DEFINE_OF_PATH(UNLINK, unlink, (const char *path), (path), path, NULL)
DEFINE_OF_PATH(MKDIR, mkdir, (const char *path, mode_t mode), (path, mode), path, NULL)
DEFINE_OF_PATH(RMDIR, rmdir, (const char *path), (path), path, NULL)

/* Paths only, as the program gives them: a folder that a path begins at is AT_FDCWD. */
EXPORTED int linkat(int from_folder, const char *from, int to_folder, const char *to, int flags) {
    pthread_mutex_lock(&lock);
    const int result = REAL(linkat)(from_folder, from, to_folder, to, flags);
    if (!result) note_paths(LINK, -1, 0, from, to);
    pthread_mutex_unlock(&lock);
    return result;
}

EXPORTED int remove(const char *path) {
    struct stat info;
    return lstat(path, &info) == 0 && S_ISDIR(info.st_mode) ? rmdir(path) : unlink(path);
}

/* For a program that knows of us: what it has finished so far, and may rely on. */
EXPORTED void record_mark(int number);
EXPORTED void record_mark(int number) {
    pthread_mutex_lock(&lock);
    note(MARK, -1, number, NULL, 0, NULL);
    pthread_mutex_unlock(&lock);
}
