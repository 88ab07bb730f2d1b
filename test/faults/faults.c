/* SPDX-License-Identifier: MIT */
/* A library to be preloaded (LD_PRELOAD), which makes chosen system calls of a program fail.
 *
 *     FAULT_CALLS   names of calls, with commas: open, opendir, stat, read (also pread), mmap, malloc (also
 *                   calloc, realloc, aligned_alloc, posix_memalign)
 *     FAULT_ERRNO   the error that they give: ENOMEM, EMFILE, ENFILE, EIO, EINTR, EAGAIN, EACCES
 *     FAULT_PATH    only calls on paths that contain this text; malloc has no path and ignores it
 *     FAULT_FIRST   the number of the first matching call that fails, from 1 on (default 1)
 *     FAULT_COUNT   how many fail from there on; 0: all (default 1)
 *     FAULT_MARK    a file that is made when the first call fails; a loop over FAULT_FIRST ends where
 *                   there is none
 *
 * A mapping counts for the path of its file; one of no file counts for none. */
#undef _FILE_OFFSET_BITS /* open and open64 are two functions here */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define EXPORTED __attribute__((visibility("default")))

/* glibc's own names, which need no search: a search allocates. */
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *memory, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);

static const struct {
    const char *name;
    int number;
} errors[] = {{"ENOMEM", ENOMEM}, {"EMFILE", EMFILE}, {"ENFILE", ENFILE}, {"EIO", EIO},
              {"EINTR", EINTR},   {"EAGAIN", EAGAIN}, {"EACCES", EACCES}};

static long number_of(const char *variable, long otherwise) {
    const char *text = getenv(variable);
    return text ? strtol(text, NULL, 10) : otherwise;
}

/* Whether `name` is a word of FAULT_CALLS. */
static bool is_chosen(const char *name) {
    const char *word = getenv("FAULT_CALLS");
    const size_t length = strlen(name);
    while (word && *word) {
        const size_t end = strcspn(word, ",");
        if (end == length && strncmp(word, name, length) == 0) return true;
        word += end + (word[end] == ',');
    }
    return false;
}

static int chosen_error(void) {
    const char *name = getenv("FAULT_ERRNO");
    for (size_t i = 0; name && i < sizeof errors / sizeof *errors; i++)
        if (strcmp(errors[i].name, name) == 0) return errors[i].number;
    return EIO;
}

/* The next definition of a function. POSIX, not ISO C, makes a function of an object's pointer. */
#define REAL(name) (__extension__(__typeof__(&name)) dlsym(RTLD_NEXT, #name))

static void mark(void) {
    const char *path = getenv("FAULT_MARK");
    int (*const real)(const char *, int, ...) = REAL(open);
    const int file = path && real ? real(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600) : -1;
    if (file >= 0) close(file);
}

/* Whether this call fails now; then errno is set. `path`: NULL for a call without one. */
static bool fails(const char *name, const char *path) {
    static atomic_long matched, failed;
    if (!is_chosen(name)) return false;
    const char *wanted = getenv("FAULT_PATH");
    if (wanted && strcmp(name, "malloc") != 0 && (!path || !strstr(path, wanted))) return false;
    const long first = number_of("FAULT_FIRST", 1), count = number_of("FAULT_COUNT", 1);
    const long now = atomic_fetch_add(&matched, 1) + 1;
    if (now < first || (count && now >= first + count)) return false;
    if (atomic_fetch_add(&failed, 1) == 0) mark();
    errno = chosen_error();
    return true;
}

/* The path behind a descriptor; NULL where it has none. */
static const char *path_of(int descriptor, char room[1024]) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    const ssize_t length = descriptor < 0 ? -1 : readlink(link, room, 1023);
    if (length < 0) return NULL;
    room[length] = '\0';
    return room;
}

/* ---- files ---- */

#define DEFINE_OPEN(name)                                                                                    \
    EXPORTED int name(const char *path, int flags, ...) {                                                    \
        va_list arguments;                                                                                   \
        va_start(arguments, flags);                                                                          \
        const mode_t mode = flags & O_CREAT ? va_arg(arguments, mode_t) : 0;                                 \
        va_end(arguments);                                                                                   \
        return fails("open", path) ? -1 : REAL(name)(path, flags, mode);                                     \
    }
DEFINE_OPEN(open)
DEFINE_OPEN(open64)

/* What a fortified program calls where the flags are no constant. */
#define DEFINE_FORTIFIED_OPEN(fortified, name)                                                               \
    EXPORTED int fortified(const char *path, int flags);                                                     \
    EXPORTED int fortified(const char *path, int flags) {                                                    \
        return fails("open", path) ? -1 : REAL(name)(path, flags);                                           \
    }
DEFINE_FORTIFIED_OPEN(__open_2, open)
DEFINE_FORTIFIED_OPEN(__open64_2, open64)

EXPORTED DIR *opendir(const char *path) {
    return fails("opendir", path) ? NULL : REAL(opendir)(path);
}

EXPORTED int stat(const char *restrict path, struct stat *restrict out) {
    return fails("stat", path) ? -1 : REAL(stat)(path, out);
}

EXPORTED int stat64(const char *restrict path, struct stat64 *restrict out) {
    return fails("stat", path) ? -1 : REAL(stat64)(path, out);
}

EXPORTED ssize_t read(int descriptor, void *bytes, size_t size) {
    char room[1024];
    return fails("read", path_of(descriptor, room)) ? -1 : REAL(read)(descriptor, bytes, size);
}

#define DEFINE_PREAD(name, offset_type)                                                                      \
    EXPORTED ssize_t name(int descriptor, void *bytes, size_t size, offset_type offset) {                    \
        char room[1024];                                                                                     \
        return fails("read", path_of(descriptor, room)) ? -1 : REAL(name)(descriptor, bytes, size, offset);  \
    }
DEFINE_PREAD(pread, off_t)
DEFINE_PREAD(pread64, off64_t)

#define DEFINE_MMAP(name, offset_type)                                                                       \
    EXPORTED void *name(void *at, size_t size, int protection, int flags, int descriptor,                    \
                        offset_type offset) {                                                                \
        char room[1024];                                                                                     \
        const bool is_file = !(flags & MAP_ANONYMOUS);                                                       \
        if (is_file && fails("mmap", path_of(descriptor, room))) return MAP_FAILED;                          \
        return REAL(name)(at, size, protection, flags, descriptor, offset);                                  \
    }
DEFINE_MMAP(mmap, off_t)
DEFINE_MMAP(mmap64, off64_t)

/* ---- memory ---- */

EXPORTED void *malloc(size_t size) {
    return fails("malloc", NULL) ? NULL : __libc_malloc(size);
}

EXPORTED void *calloc(size_t count, size_t size) {
    return fails("malloc", NULL) ? NULL : __libc_calloc(count, size);
}

EXPORTED void *realloc(void *memory, size_t size) {
    return fails("malloc", NULL) ? NULL : __libc_realloc(memory, size);
}

EXPORTED void *aligned_alloc(size_t alignment, size_t size) {
    return fails("malloc", NULL) ? NULL : __libc_memalign(alignment, size);
}

EXPORTED int posix_memalign(void **out, size_t alignment, size_t size) {
    void *const memory = fails("malloc", NULL) ? NULL : __libc_memalign(alignment, size);
    if (!memory) return ENOMEM;
    *out = memory;
    return 0;
}
