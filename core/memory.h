/* SPDX-License-Identifier: MIT */
/* Aligned memory: one allocator, and an arena whose size is measured first and which is then cut into
 * pieces. */
#ifndef DN_CORE_MEMORY_H
#define DN_CORE_MEMORY_H

#include "core/status.h"

#include <stdbool.h>

/* Every block and every piece of an arena starts at a multiple of this many bytes: the size of a cache line
 * and of the widest vector. */
enum { DNI_ALIGNMENT = 64 };

/* `size` rounded up to DNI_ALIGNMENT. */
size_t dni_align_up(size_t size);

/* *out = a * b, or *out = a + b. False when the result does not fit into a size_t. */
bool dni_size_mul(size_t a, size_t b, size_t *out);
bool dni_size_add(size_t a, size_t b, size_t *out);

/* A block of `size` bytes, aligned to DNI_ALIGNMENT and not cleared, from `allocator` or, where that is NULL,
 * from the system. NULL when out of memory. dni_release() takes the same allocator and size; releasing NULL
 * is fine. */
void *dni_allocate(const dn_allocator *allocator, size_t size);
void dni_release(const dn_allocator *allocator, void *memory, size_t size);

/* Whether the system gives `size` bytes now: for libraries that do not say, or not survive, that it gave
 * none. */
bool dni_memory_is_left(size_t size);

/* Asks the system for all pages of `memory` now, a third faster than one page fault at a time when each page
 * is first written. Where the system cannot do that, nothing happens. The bytes stay as they are. */
void dni_prefault(void *memory, size_t size);

/* Gives the pages that lie wholly inside `memory` back to the system. It stays the caller's to free, but
 * its contents are lost. */
void dni_discard(void *memory, size_t size);

/* An arena: one block of memory, cut into pieces that are all freed together. The same code cuts it twice:
 * first with base == NULL, which only adds up in `used` how many bytes are needed, then from a block of that
 * size. */
typedef struct dni_arena {
    char *base;  /* NULL while measuring */
    size_t used; /* bytes cut so far, a multiple of DNI_ALIGNMENT */
} dni_arena;

/* The next `size` bytes, aligned; NULL while measuring. */
void *dni_arena_cut(dni_arena *arena, size_t size);

#endif
