/* SPDX-License-Identifier: MIT */
/* Aligned memory over posix_memalign or the caller's allocator. */
#include "core/memory.h"

#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
               "libdensenet needs a system that stores the least byte first, as its files do");
_Static_assert(SIZE_MAX >= UINT64_MAX,
               "libdensenet needs a 64-bit system: it keeps the sizes of files in a size_t");

size_t dni_align_up(size_t size) {
    return (size + DNI_ALIGNMENT - 1) & ~(size_t)(DNI_ALIGNMENT - 1);
}

bool dni_size_mul(size_t a, size_t b, size_t *out) {
    return !__builtin_mul_overflow(a, b, out);
}

bool dni_size_add(size_t a, size_t b, size_t *out) {
    return !__builtin_add_overflow(a, b, out);
}

void *dni_allocate(const dn_allocator *allocator, size_t size) {
    if (allocator) return allocator->allocate(allocator->context, size);
    void *memory = NULL;
    return posix_memalign(&memory, DNI_ALIGNMENT, size ? size : 1) == 0 ? memory : NULL;
}

void dni_release(const dn_allocator *allocator, void *memory, size_t size) {
    if (!memory) return;
    if (allocator)
        allocator->release(allocator->context, memory, size);
    else
        free(memory);
}

/* malloc() has small ones of what was freed, and asks the system for large ones. A compiler that sees that
 * nothing is done with a block may leave malloc() and free() out; volatile, it does not see that. */
bool dni_memory_is_left(size_t size) {
    enum { LARGE = 1 << 20 };
    if (size >= LARGE) {
        void *const map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        return map != MAP_FAILED && munmap(map, size) == 0;
    }
    void *volatile const probe = malloc(size);
    const bool is_left = probe != NULL;
    free(probe);
    return is_left;
}

/* All pages that hold some of these bytes. The system may refuse: nothing depends on it. */
void dni_prefault(void *memory, size_t size) {
#ifdef MADV_POPULATE_WRITE
    const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), begin = (uintptr_t)memory / page * page;
    if (size) madvise((void *)begin, (uintptr_t)memory + size - begin, MADV_POPULATE_WRITE);
#else /* before Linux 5.14 and glibc 2.35 */
    (void)memory;
    (void)size;
#endif
}

void dni_discard(void *memory, size_t size) {
    const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), end = ((uintptr_t)memory + size) / page * page;
    const uintptr_t begin = ((uintptr_t)memory + page - 1) / page * page;
    if (begin < end) madvise((void *)begin, end - begin, MADV_DONTNEED);
}

void *dni_arena_cut(dni_arena *arena, size_t size) {
    const size_t offset = arena->used;
    arena->used += dni_align_up(size);
    return arena->base ? arena->base + offset : NULL;
}
