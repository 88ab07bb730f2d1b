/* SPDX-License-Identifier: MIT */
/* Memory and threads in place of libc's: they fail as planned, and what is not freed at the end is told by
 * the place that asked for it. What libc asks for is not followed, but for strdup() and strndup(). */
#include "test/faults/faults.h"

#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* glibc's own names, which need no search: a search allocates. */
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *memory, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);
extern void __libc_free(void *memory);

/* ---- whose calls do not fail ---- */

static uintptr_t spared_begin, spared_end; /* where its code lies */

static int find_spared(struct dl_phdr_info *object, size_t size, void *name) {
    (void)size;
    if (!strstr(object->dlpi_name, name)) return 0;
    for (int i = 0; i < object->dlpi_phnum; i++) {
        const ElfW(Phdr) *const part = &object->dlpi_phdr[i];
        if (part->p_type != PT_LOAD || !(part->p_flags & PF_X)) continue;
        spared_begin = object->dlpi_addr + part->p_vaddr;
        spared_end = spared_begin + part->p_memsz;
    }
    return 1;
}

void memory_begin(void) {
    char *const name = getenv("FAULT_SPARE");
    if (name) dl_iterate_phdr(find_spared, name);
}

static bool fails(fault_call call, const void *caller) {
    if ((uintptr_t)caller >= spared_begin && (uintptr_t)caller < spared_end) return false;
    if (!plan_apply(plan_ask(call, NULL, NULL))) return false;
    errno = plan_errno();
    return true;
}

/* ---- what is not freed ---- */

typedef struct block {
    struct block *next;
    const void *memory, *caller;
    size_t size;
} block;

enum { BUCKETS = 1 << 14 };

static block *buckets[BUCKETS];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static block **bucket_of(const void *memory) {
    return &buckets[((uintptr_t)memory >> 4) % BUCKETS];
}

static void *keep(void *memory, size_t size, const void *caller) {
    block *const added = memory ? __libc_malloc(sizeof *added) : NULL;
    if (!added) return memory;
    block **const bucket = bucket_of(memory);
    pthread_mutex_lock(&lock);
    *added = (block){.next = *bucket, .memory = memory, .caller = caller, .size = size};
    *bucket = added;
    pthread_mutex_unlock(&lock);
    return memory;
}

static void forget(const void *memory) {
    if (!memory) return;
    block *found = NULL;
    pthread_mutex_lock(&lock);
    for (block **place = bucket_of(memory); *place; place = &(*place)->next)
        if ((*place)->memory == memory) {
            found = *place;
            *place = found->next;
            break;
        }
    pthread_mutex_unlock(&lock);
    __libc_free(found);
}

/* The library or program, and the place in it as addr2line takes it. */
void memory_report(void (*line)(const char *text)) {
    for (size_t i = 0; i < BUCKETS; i++)
        for (const block *each = buckets[i]; each; each = each->next) {
            Dl_info object;
            char text[512];
            if (!dladdr(each->caller, &object) || strstr(object.dli_fname, "/libc.so")) continue;
            snprintf(text, sizeof text, "memory %s+0x%tx %zu\n", object.dli_fname,
                     (const char *)each->caller - 1 - (const char *)object.dli_fbase, each->size);
            line(text);
        }
}

/* ---- memory ---- */

#define CALLER __builtin_return_address(0)

EXPORTED void *malloc(size_t size) {
    return fails(FAULT_MALLOC, CALLER) ? NULL : keep(__libc_malloc(size), size, CALLER);
}

EXPORTED void *calloc(size_t count, size_t size) {
    return fails(FAULT_MALLOC, CALLER) ? NULL : keep(__libc_calloc(count, size), count * size, CALLER);
}

EXPORTED void *realloc(void *memory, size_t size) {
    if (fails(FAULT_MALLOC, CALLER)) return NULL;
    forget(memory); /* before another thread may be given its place */
    void *const moved = __libc_realloc(memory, size);
    if (moved) return keep(moved, size, CALLER);
    if (size) keep(memory, size, CALLER); /* it is where it was */
    return NULL;
}

EXPORTED void *aligned_alloc(size_t alignment, size_t size) {
    return fails(FAULT_MALLOC, CALLER) ? NULL : keep(__libc_memalign(alignment, size), size, CALLER);
}

EXPORTED int posix_memalign(void **out, size_t alignment, size_t size) {
    void *const memory = fails(FAULT_MALLOC, CALLER) ? NULL : __libc_memalign(alignment, size);
    if (!memory) return ENOMEM;
    *out = keep(memory, size, CALLER);
    return 0;
}

static char *copy_text(const char *text, size_t length, const void *caller) {
    char *const copy =
        fails(FAULT_MALLOC, caller) ? NULL : keep(__libc_malloc(length + 1), length + 1, caller);
    if (!copy) return NULL;
    memcpy(copy, text, length);
    copy[length] = '\0';
    return copy;
}

EXPORTED char *strdup(const char *text) {
    return copy_text(text, strlen(text), CALLER);
}

EXPORTED char *strndup(const char *text, size_t most) {
    return copy_text(text, strnlen(text, most), CALLER);
}

EXPORTED void free(void *memory) {
    forget(memory);
    __libc_free(memory);
}

/* ---- threads ---- */

EXPORTED int pthread_create(pthread_t *restrict out, const pthread_attr_t *restrict attributes,
                            void *(*run)(void *), void *restrict argument) {
    /* POSIX, not ISO C, makes a function of an object's pointer. */
    int (*const real)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *) =
        __extension__(__typeof__(&pthread_create)) dlsym(RTLD_NEXT, "pthread_create");
    return fails(FAULT_THREAD, CALLER) ? plan_errno() : real(out, attributes, run, argument);
}
