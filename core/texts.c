/* SPDX-License-Identifier: MIT */
/* Blocks in a list; the last one is filled. */
#include "core/texts.h"

#include <stdlib.h>
#include <string.h>

enum { BLOCK_BYTES = 1 << 16 };

struct dni_text_block {
    struct dni_text_block *before;
    size_t used, capacity;
    char bytes[];
};

/* Makes room for `size` bytes in the last block; a longer text has a block of its own. */
static char *reserve(dni_texts *texts, size_t size) {
    struct dni_text_block *last = texts->last;
    if (!last || size > last->capacity - last->used) {
        const size_t capacity = size > BLOCK_BYTES ? size : BLOCK_BYTES;
        last = malloc(sizeof *last + capacity);
        if (!last) return NULL;
        *last = (struct dni_text_block){.before = texts->last, .capacity = capacity};
        texts->last = last;
    }
    last->used += size;
    return last->bytes + last->used - size;
}

const char *dni_texts_add(dni_texts *texts, const char *text) {
    const size_t size = strlen(text) + 1;
    char *copy = reserve(texts, size);
    if (copy) memcpy(copy, text, size);
    return copy;
}

void dni_texts_move(dni_texts *to, dni_texts *from) {
    struct dni_text_block **end = &to->last;
    while (*end) end = &(*end)->before;
    *end = from->last;
    from->last = NULL;
}

void dni_texts_free(dni_texts *texts) {
    while (texts->last) {
        struct dni_text_block *block = texts->last;
        texts->last = block->before;
        free(block);
    }
}
