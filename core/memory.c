/* Aligned memory over posix_memalign or the caller's allocator. */
#include "core/memory.h"

#include <stdlib.h>
#include <sys/mman.h>

/* Large blocks ask for pages of this size: prepared weights are read from end to end in every pass, and small
 * pages cost a fault each at the first touch and the TLB ever after. */
enum { HUGE_PAGE = 2 << 20 };

size_t dni_align_up(size_t size) {
    return (size + DNI_ALIGNMENT - 1) & ~(size_t)(DNI_ALIGNMENT - 1);
}

int dni_size_mul(size_t a, size_t b, size_t *out) {
    return !__builtin_mul_overflow(a, b, out);
}

int dni_size_add(size_t a, size_t b, size_t *out) {
    return !__builtin_add_overflow(a, b, out);
}

void *dni_allocate(const dn_allocator *allocator, size_t size) {
    if (allocator) return allocator->allocate(allocator->context, size);
    void *memory = NULL;
    const size_t alignment = size >= 2 * HUGE_PAGE ? HUGE_PAGE : DNI_ALIGNMENT;
    if (posix_memalign(&memory, alignment, size ? size : 1) != 0) return NULL;
#ifdef MADV_HUGEPAGE
    /* advice only: where it is refused, pages are small */
    if (alignment == HUGE_PAGE) madvise(memory, size / HUGE_PAGE * HUGE_PAGE, MADV_HUGEPAGE);
#endif
    return memory;
}

void dni_release(const dn_allocator *allocator, void *memory, size_t size) {
    if (!memory) return;
    if (allocator)
        allocator->release(allocator->context, memory, size);
    else
        free(memory);
}

void *dni_arena_cut(dni_arena *arena, size_t size) {
    const size_t offset = arena->used;
    arena->used += dni_align_up(size);
    return arena->base ? arena->base + offset : NULL;
}
