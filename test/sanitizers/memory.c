/* SPDX-License-Identifier: MIT */
/* For `make msan`: memory that this tree's own code allocates has no values; the one of libraries has.
 *
 * Libraries are compiled without MemorySanitizer, which therefore does not see what they write: everything
 * that they keep on the heap would seem never to have been written. So it is told to take all memory on the
 * heap as written (poison_in_malloc=0, poison_in_free=0; test/run.sh), and here, where the linker leads only
 * calls from this tree, that is taken back. */
#include <sanitizer/allocator_interface.h>
#include <sanitizer/msan_interface.h>
#include <stdlib.h>

void *__real_malloc(size_t size);
void *__real_realloc(void *memory, size_t size);
int __real_posix_memalign(void **out, size_t alignment, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_realloc(void *memory, size_t size);
int __wrap_posix_memalign(void **out, size_t alignment, size_t size);

void *__wrap_malloc(size_t size) {
    void *const memory = __real_malloc(size);
    if (memory) __msan_allocated_memory(memory, size);
    return memory;
}

void *__wrap_realloc(void *memory, size_t size) {
    const size_t before = memory ? __sanitizer_get_allocated_size(memory) : 0;
    char *const moved = __real_realloc(memory, size);
    if (moved && size > before) __msan_allocated_memory(moved + before, size - before);
    return moved;
}

int __wrap_posix_memalign(void **out, size_t alignment, size_t size) {
    const int refused = __real_posix_memalign(out, alignment, size);
    if (!refused) __msan_allocated_memory(*out, size);
    return refused;
}
