/* SPDX-License-Identifier: MIT */
/* Encoding PNG. */
#include "io/png.h"

#include "core/error.h"
#include "io/file.h"

#pragma GCC diagnostic ignored "-Wunused-function"
#define STB_IMAGE_WRITE_STATIC
#define STB_IMAGE_WRITE_IMPLEMENTATION
#define STBI_WRITE_NO_STDIO
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wsign-conversion"
#pragma GCC diagnostic ignored "-Wcast-qual"
#include <stb/stb_image_write.h>
#pragma GCC diagnostic pop

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

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
    const int done = stbi_write_png_to_func(write_part, &work, image->width, image->height, 3, image->rgb,
                                            3 * image->width);
    if (!done)
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
    const int done = stbi_write_png_to_func(append_part, &work, image->width, image->height, 3, image->rgb,
                                            3 * image->width);
    if (done && !work.is_broken) {
        *bytes = work.bytes;
        *size = work.size;
        return DN_OK;
    }
    free(work.bytes);
    *bytes = NULL;
    return dni_no_memory(error, "a PNG file of %d x %d pixels", image->width, image->height);
}
