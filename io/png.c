/* SPDX-License-Identifier: MIT */
/* Encoding PNG. */
#include "io/png.h"

#include "core/error.h"
#include "io/file.h"

#include <setjmp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Where stb_image_write gets no memory, it ends the process by an assertion. So what it has is kept in a
 * list: where there is no more, all of it is freed, and control goes back to whoever called it. It passes
 * no context to its allocator: the list is the thread's. */
typedef struct block {
    struct block *next, **place; /* what points to this one */
} block;

static _Thread_local block *blocks;
static _Thread_local jmp_buf without_memory;

static void *tracked_realloc(void *memory, size_t size) {
    block *moved = realloc(memory ? (block *)memory - 1 : NULL, sizeof *moved + size);
    if (!moved) longjmp(without_memory, 1);
    if (!memory) *moved = (block){.next = blocks, .place = &blocks};
    *moved->place = moved;
    if (moved->next) moved->next->place = &moved->next;
    return moved + 1;
}

static void tracked_free(void *memory) {
    if (!memory) return;
    block *const freed = (block *)memory - 1;
    *freed->place = freed->next;
    if (freed->next) freed->next->place = freed->place;
    free(freed);
}

#pragma GCC diagnostic ignored "-Wunused-function"
#define STB_IMAGE_WRITE_STATIC
#define STB_IMAGE_WRITE_IMPLEMENTATION
#define STBI_WRITE_NO_STDIO
#define STBIW_MALLOC(size)          tracked_realloc(NULL, size)
#define STBIW_REALLOC(memory, size) tracked_realloc(memory, size)
#define STBIW_FREE(memory)          tracked_free(memory)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wsign-conversion"
#pragma GCC diagnostic ignored "-Wcast-qual"
#include <stb/stb_image_write.h>
#pragma GCC diagnostic pop

/* False: out of memory. */
static bool encode(stbi_write_func *write, void *context, const dn_image *image) {
    blocks = NULL;
    if (setjmp(without_memory) == 0)
        return stbi_write_png_to_func(write, context, image->width, image->height, 3, image->rgb,
                                      3 * image->width);
    while (blocks) tracked_free(blocks + 1);
    return false;
}

typedef struct encoding {
    dni_file_writer *writer;
    dn_error *error;
    dn_status status;
} encoding;

static void write_part(void *context, void *bytes, int size) {
    encoding *work = context;
    if (!work->status) work->status = dni_file_write(work->writer, bytes, (size_t)size, work->error);
}

dn_status dni_png_write(const char *path, const dn_image *image, dn_error *error) {
    encoding work = {.error = error};
    const dn_status status = dni_file_writer_open(&work.writer, path, error);
    if (status) return status;
    if (!encode(write_part, &work, image))
        work.status =
            dni_no_memory(error, "%s: a PNG file of %d x %d pixels", path, image->width, image->height);
    if (!work.status) return dni_file_writer_commit(work.writer, error);
    dni_file_writer_abandon(work.writer);
    return work.status;
}

typedef struct memory_encoding {
    unsigned char *bytes;
    size_t size;
    bool is_broken;
} memory_encoding;

static void append_part(void *context, void *bytes, int size) {
    memory_encoding *work = context;
    unsigned char *grown = work->is_broken ? NULL : realloc(work->bytes, work->size + (size_t)size);
    if (!grown) {
        work->is_broken = true;
        return;
    }
    memcpy(grown + work->size, bytes, (size_t)size);
    work->bytes = grown;
    work->size += (size_t)size;
}

dn_status dni_png_encode(unsigned char **bytes, size_t *size, const dn_image *image, dn_error *error) {
    memory_encoding work = {.bytes = NULL};
    if (encode(append_part, &work, image) && !work.is_broken) {
        *bytes = work.bytes;
        *size = work.size;
        return DN_OK;
    }
    free(work.bytes);
    *bytes = NULL;
    return dni_no_memory(error, "a PNG file of %d x %d pixels", image->width, image->height);
}
