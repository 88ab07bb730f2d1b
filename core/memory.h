/* Aligned memory: one allocator, and an arena that is measured first and cut afterwards. */
#ifndef DN_CORE_MEMORY_H
#define DN_CORE_MEMORY_H

#include "core/status.h"

#include <stdbool.h>

/* Every block and every piece of an arena starts on a cache line, the widest vector's width too. */
enum { DNI_ALIGNMENT = 64 };

/* `size` rounded up to DNI_ALIGNMENT. */
size_t dni_align_up(size_t size);

/* *out = a * b, or *out = a + b. False when the result does not fit into a size_t. */
bool dni_size_mul(size_t a, size_t b, size_t *out);
bool dni_size_add(size_t a, size_t b, size_t *out);

/* A block aligned to DNI_ALIGNMENT, from `allocator` or, where that is NULL, from the system; NULL when there
 * is none. Not cleared. Freed with the same allocator and size; freeing NULL is fine. */
void *dni_allocate(const dn_allocator *allocator, size_t size);
void dni_release(const dn_allocator *allocator, void *memory, size_t size);

/* Asks for the pages of `memory` at once, where the system can, instead of one at a time as each is first written
 * to, which takes a third longer. Its bytes stay as they are. */
void dni_populate(void *memory, size_t size);

/* Lets go of the pages that hold these bytes of a file mapped read-only (and of nothing else: other memory would
 * lose its contents). Whoever looks at them again gets them from the file. */
void dni_let_go(const void *mapped, size_t size);

/* An arena is cut twice by the same code: first with base == NULL, which only adds up what is needed in
 * `used`, then over a block of that size. Nothing is ever given back singly. */
typedef struct dni_arena {
    char *base;  /* NULL while measuring */
    size_t used; /* bytes cut so far, a multiple of DNI_ALIGNMENT */
} dni_arena;

/* The next `size` bytes, aligned; NULL while measuring. */
void *dni_arena_cut(dni_arena *arena, size_t size);

#endif
