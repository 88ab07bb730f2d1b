/* SPDX-License-Identifier: MIT */
/* Functions of the C library, each in front of the next definition of its name. */
#undef _FILE_OFFSET_BITS /* open and open64 are two functions here */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#undef _FORTIFY_SOURCE /* of its own functions' definitions it makes others */

#include "test/support/calls.h"

#include "test/support/sanitizer.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <malloc.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* ThreadSanitizer's own beginning comes here, before there is what code that it watches needs. */
#define UNWATCHED __attribute__((no_sanitize("thread")))
#define EXPORTED  UNWATCHED __attribute__((visibility("default")))

/* The next definition of a function. POSIX, not ISO C, makes a function of an object's pointer. */
#define REAL(name) (__extension__(__typeof__(&name)) dlsym(RTLD_NEXT, #name))

static call_fault now; /* written while no other thread of the test runs */
static atomic_long seen;
static atomic_bool is_on;
static void *volatile culprit; /* where the call that failed came from */

void calls_fail(const call_fault *fault) {
    now = *fault;
    culprit = NULL;
    atomic_store(&seen, 0);
    atomic_store(&is_on, true);
}

long calls_stop(void) {
    atomic_store(&is_on, false);
    return atomic_load(&seen);
}

/* Whether that code is in a library with this in its file's name. */
static bool is_in(const void *code, const char *library) {
    Dl_info info;
    return code && dladdr(code, &info) && strstr(info.dli_fname, library);
}

bool calls_failed_in(const char *library) {
    return is_in(culprit, library);
}

/* Whether this call is the one. */
UNWATCHED static bool is_chosen(unsigned call) {
    if (!atomic_load(&is_on) || !(now.calls & call)) return false;
    const long number = atomic_fetch_add(&seen, 1) + 1;
    return now.first && (now.is_lasting ? number >= now.first : number == now.first);
}

/* Whether it fails; then errno is set. */
UNWATCHED static bool fails(unsigned call) {
    if (!is_chosen(call) || !now.number) return false;
    errno = now.number;
    return true;
}

/* Of reads and writes: false: the call fails. Where it is to be short, *size becomes less. */
UNWATCHED static bool begin_transfer(unsigned call, size_t *size) {
    if (!is_chosen(call)) return true;
    if (now.number) {
        errno = now.number;
        return false;
    }
    if (*size > 1) *size /= 2;
    return true;
}

/* ---- files ---- */

#define DEFINE_OPEN(name)                                                                                    \
    EXPORTED int name(const char *path, int flags, ...) {                                                    \
        va_list arguments;                                                                                   \
        va_start(arguments, flags);                                                                          \
        const mode_t mode = flags & O_CREAT ? va_arg(arguments, mode_t) : 0;                                 \
        va_end(arguments);                                                                                   \
        return fails(CALL_OPEN) ? -1 : REAL(name)(path, flags, mode);                                        \
    }
DEFINE_OPEN(open)
DEFINE_OPEN(open64)

EXPORTED DIR *opendir(const char *path) {
    return fails(CALL_OPEN) ? NULL : REAL(opendir)(path);
}

/* Only the form that gives a descriptor fails. */
#define DEFINE_FCNTL(name)                                                                                   \
    EXPORTED int name(int descriptor, int what, ...) {                                                       \
        va_list arguments;                                                                                   \
        va_start(arguments, what);                                                                           \
        void *const argument = va_arg(arguments, void *);                                                    \
        va_end(arguments);                                                                                   \
        return what == F_DUPFD_CLOEXEC && fails(CALL_OPEN) ? -1 : REAL(name)(descriptor, what, argument);    \
    }
DEFINE_FCNTL(fcntl)
DEFINE_FCNTL(fcntl64)

#define DEFINE_STAT(name, where, type)                                                                       \
    EXPORTED int name(where at, struct type *out) {                                                          \
        return fails(CALL_LOOK) ? -1 : REAL(name)(at, out);                                                  \
    }
DEFINE_STAT(stat, const char *restrict, stat)
DEFINE_STAT(stat64, const char *restrict, stat64)
DEFINE_STAT(lstat, const char *restrict, stat)
DEFINE_STAT(lstat64, const char *restrict, stat64)
DEFINE_STAT(fstat, int, stat)
DEFINE_STAT(fstat64, int, stat64)

EXPORTED char *realpath(const char *restrict path, char *restrict out) {
    return fails(CALL_LOOK) ? NULL : REAL(realpath)(path, out);
}

EXPORTED struct dirent *readdir(DIR *folder) {
    return fails(CALL_LIST) ? NULL : REAL(readdir)(folder);
}

EXPORTED struct dirent64 *readdir64(DIR *folder) {
    return fails(CALL_LIST) ? NULL : REAL(readdir64)(folder);
}

EXPORTED ssize_t read(int descriptor, void *bytes, size_t size) {
    return begin_transfer(CALL_READ, &size) ? REAL(read)(descriptor, bytes, size) : -1;
}

EXPORTED ssize_t write(int descriptor, const void *bytes, size_t size) {
    return begin_transfer(CALL_WRITE, &size) ? REAL(write)(descriptor, bytes, size) : -1;
}

#define DEFINE_AT(name, call, pointer, offset_type)                                                          \
    EXPORTED ssize_t name(int descriptor, pointer bytes, size_t size, offset_type offset) {                  \
        return begin_transfer(call, &size) ? REAL(name)(descriptor, bytes, size, offset) : -1;               \
    }
DEFINE_AT(pread, CALL_READ, void *, off_t)
DEFINE_AT(pread64, CALL_READ, void *, off64_t)
DEFINE_AT(pwrite, CALL_WRITE, const void *, off_t)
DEFINE_AT(pwrite64, CALL_WRITE, const void *, off64_t)

/* No power is cut here, and thousands of files are written: nothing is brought onto the disk. */
EXPORTED int fsync(int descriptor) {
    return fails(CALL_SYNC) || fcntl(descriptor, F_GETFD) < 0 ? -1 : 0;
}

EXPORTED int close(int descriptor) {
    const int result = REAL(close)(descriptor);
    return fails(CALL_CLOSE) ? -1 : result;
}

EXPORTED int rename(const char *from, const char *to) {
    return fails(CALL_RENAME) ? -1 : REAL(rename)(from, to);
}

EXPORTED int ftruncate(int descriptor, off_t size) {
    return fails(CALL_CUT) ? -1 : REAL(ftruncate)(descriptor, size);
}

EXPORTED int ftruncate64(int descriptor, off64_t size) {
    return fails(CALL_CUT) ? -1 : REAL(ftruncate64)(descriptor, size);
}

EXPORTED int flock(int descriptor, int how) {
    return fails(CALL_LOCK) ? -1 : REAL(flock)(descriptor, how);
}

EXPORTED int mkdir(const char *path, mode_t mode) {
    return fails(CALL_MAKE) ? -1 : REAL(mkdir)(path, mode);
}

#define DEFINE_MMAP(name, offset_type)                                                                       \
    EXPORTED void *name(void *at, size_t size, int protection, int flags, int descriptor,                    \
                        offset_type offset) {                                                                \
        return fails(CALL_MAP) ? MAP_FAILED : REAL(name)(at, size, protection, flags, descriptor, offset);   \
    }
DEFINE_MMAP(mmap, off_t)
DEFINE_MMAP(mmap64, off64_t)

/* ---- threads and time ---- */

EXPORTED int pthread_create(pthread_t *restrict out, const pthread_attr_t *restrict attributes,
                            void *(*run)(void *), void *restrict argument) {
    return fails(CALL_THREAD) ? now.number : REAL(pthread_create)(out, attributes, run, argument);
}

EXPORTED int nanosleep(const struct timespec *wanted, struct timespec *left) {
    return atomic_load(&is_on) ? 0 : REAL(nanosleep)(wanted, left);
}

/* ---- memory ---- */

#if SANITIZER_HAS_MALLOC

bool calls_have_memory(void) {
    return false;
}

call_blocks calls_blocks(void) {
    return (call_blocks){0, 0};
}

#else

/* glibc's own names, which need no search: a search allocates. */
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *memory, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);
extern void __libc_free(void *memory);

/* The linker's: where this program's own code begins and ends. */
extern const char __executable_start, etext;

/* Whose a block is. The loader's belong to threads, whose stacks the C library keeps for later ones: how many
 * there are depends on how many ran at once. */
enum { LIBRARY, OWN, LOADER, OWNERS };
static atomic_long blocks[OWNERS];

bool calls_have_memory(void) {
    return true;
}

call_blocks calls_blocks(void) {
    return (call_blocks){.own = atomic_load(&blocks[OWN]), .foreign = atomic_load(&blocks[LIBRARY])};
}

/* Each block is so much longer than was asked for; its last byte says whose it is. */
enum { ROOM_FOR_OWNER = 1 };

static char *owner_of(void *memory) {
    return (char *)memory + malloc_usable_size(memory) - 1;
}

static bool is_own(const void *caller) {
    return (const char *)caller >= &__executable_start && (const char *)caller < &etext;
}

static bool is_loader(const void *caller) {
    enum { LARGEST = 1 << 20 }; /* so that most are not looked up */
    const uintptr_t base = getauxval(AT_BASE);
    Dl_info info;
    return (uintptr_t)caller - base < LARGEST && dladdr(caller, &info) && (uintptr_t)info.dli_fbase == base;
}

static void *counted(void *memory, const void *caller) {
    if (!memory) return NULL;
    const char owner = is_own(caller) ? OWN : is_loader(caller) ? LOADER : LIBRARY;
    *owner_of(memory) = owner;
    atomic_fetch_add(&blocks[(int)owner], 1);
    return memory;
}

/* jansson's; test/io/test_json.c lets its allocations fail. */
static _Thread_local bool is_parsing;

EXPORTED json_t *json_loadb(const char *text, size_t size, size_t flags, json_error_t *error) {
    is_parsing = true;
    json_t *const value = REAL(json_loadb)(text, size, flags, error);
    is_parsing = false;
    return value;
}

static bool is_spared(const void *caller) {
    static const char *const libraries[] = CALLS_SPARED;
    if (is_own(caller)) return false;
    if (is_parsing) return true;
    for (size_t i = 0; i < sizeof libraries / sizeof *libraries; i++)
        if (is_in(caller, libraries[i])) return true;
    return false;
}

static bool refuses(void *caller) {
    if (atomic_load(&is_on) && now.calls & CALL_MEMORY && is_spared(caller)) return false;
    if (!fails(CALL_MEMORY)) return false;
    culprit = caller;
    return true;
}

#define CALLER __builtin_return_address(0)

static void *take(size_t size, void *caller) {
    if (refuses(caller) || size > PTRDIFF_MAX) return NULL;
    return counted(__libc_malloc(size + ROOM_FOR_OWNER), caller);
}

EXPORTED void *malloc(size_t size) {
    return take(size, CALLER);
}

EXPORTED void *calloc(size_t count, size_t size) {
    size_t bytes;
    if (refuses(CALLER) || __builtin_mul_overflow(count, size, &bytes) || bytes > PTRDIFF_MAX) return NULL;
    return counted(__libc_calloc(1, bytes + ROOM_FOR_OWNER), CALLER);
}

EXPORTED void free(void *memory) {
    if (memory) atomic_fetch_sub(&blocks[(int)*owner_of(memory)], 1);
    __libc_free(memory);
}

EXPORTED void *realloc(void *memory, size_t size) {
    if (!memory) return take(size, CALLER);
    if (!size) {
        free(memory);
        return NULL;
    }
    if (refuses(CALLER) || size > PTRDIFF_MAX) return NULL;
    const char owner = *owner_of(memory);
    void *const moved = __libc_realloc(memory, size + ROOM_FOR_OWNER);
    if (moved) *owner_of(moved) = owner;
    return moved;
}

static void *take_aligned(size_t alignment, size_t size, void *caller) {
    if (refuses(caller) || size > PTRDIFF_MAX) return NULL;
    return counted(__libc_memalign(alignment, size + ROOM_FOR_OWNER), caller);
}

EXPORTED void *aligned_alloc(size_t alignment, size_t size) {
    return take_aligned(alignment, size, CALLER);
}

EXPORTED void *memalign(size_t alignment, size_t size) {
    return take_aligned(alignment, size, CALLER);
}

EXPORTED int posix_memalign(void **out, size_t alignment, size_t size) {
    void *const memory = take_aligned(alignment, size, CALLER);
    if (!memory) return ENOMEM;
    *out = memory;
    return 0;
}

/* The C library's own would make the block a library's. */
EXPORTED char *strndup(const char *text, size_t most) {
    const size_t length = strnlen(text, most);
    char *const copy = take(length + 1, CALLER);
    if (!copy) return NULL;
    copy[length] = '\0';
    return memcpy(copy, text, length);
}

EXPORTED char *strdup(const char *text) {
    const size_t size = strlen(text) + 1;
    char *const copy = take(size, CALLER);
    return copy ? memcpy(copy, text, size) : NULL;
}

#endif
