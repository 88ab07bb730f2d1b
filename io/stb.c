/* SPDX-License-Identifier: MIT */
/* Decoding by stb_image. */
#include "io/stb.h"

#include "core/error.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* The largest block that a sound picture of this size needs: PNG data of four channels of 16 bits and a
 * filter byte a row, in a buffer that doubles; or a buffer for the file's data, which doubles too; and the
 * decoder's own tables. Compressed data that unfold further do not belong to a picture of this size.
 * stb_image passes no context to its allocator, so the limit of the thread's current call is kept here. */
enum { BYTES_A_PIXEL = 20, BYTES_OF_TABLES = 1 << 16 };

static _Thread_local size_t largest_block;
static _Thread_local bool asked_for_more; /* a block was refused by this limit, not by the system */

static void limit_blocks(const dni_image_header *header, size_t file_size) {
    const size_t pixels = (size_t)header->width * (size_t)header->height;
    largest_block = BYTES_A_PIXEL * pixels + 2 * file_size + BYTES_OF_TABLES;
    asked_for_more = false;
}

static bool is_within_limit(size_t size) {
    if (size > largest_block) asked_for_more = true;
    return size <= largest_block;
}

static void *bounded_malloc(size_t size) {
    return is_within_limit(size) ? malloc(size) : NULL;
}

static void *bounded_realloc(void *memory, size_t size) {
    return is_within_limit(size) ? realloc(memory, size) : NULL;
}

/* The header defines functions that are not used here. */
#pragma GCC diagnostic ignored "-Wunused-function"
#define STB_IMAGE_STATIC
#define STB_IMAGE_IMPLEMENTATION
#define STBI_NO_JPEG /* libjpeg-turbo's */
#define STBI_NO_HDR  /* no 8-bit picture: tone mapping would be a guess */
#define STBI_NO_LINEAR
#define STBI_NO_STDIO
#define STBI_MALLOC(size)          bounded_malloc(size)
#define STBI_REALLOC(memory, size) bounded_realloc(memory, size)
#define STBI_FREE(memory)          free(memory)
#define STBI_ASSERT(condition)     ((void)0)
#include <stb/stb_image.h>

/* A block of memory that stb_image reads through callbacks. It notices reads beyond its end. */
typedef struct reader {
    const unsigned char *bytes;
    size_t size, position;
    const char *window; /* stb_image's own buffer: where its first read goes to */
    int overrun;
} reader;

/* stb_image reads ahead into its own buffer: there it is enough to get some of the bytes. A read to any other
 * place must get all of them. */
static int reader_read(void *context, char *data, int size) {
    reader *const r = context;
    const size_t left = r->size - r->position;
    const size_t count = (size_t)size < left ? (size_t)size : left;
    if (!r->window) r->window = data;
    if (data == r->window ? count == 0 : count < (size_t)size) r->overrun = 1;
    memcpy(data, r->bytes + r->position, count);
    r->position += count;
    return (int)count;
}

static void reader_skip(void *context, int count) {
    reader *const r = context;
    const size_t left = r->size - r->position;
    if (count <= 0) return;
    if ((size_t)count > left) r->overrun = 1;
    r->position += (size_t)count < left ? (size_t)count : left;
}

static int reader_at_end(void *context) {
    const reader *const r = context;
    return r->position == r->size;
}

static const stbi_io_callbacks reader_calls = {reader_read, reader_skip, reader_at_end};

/* What stb_image says, in a word or two, of sound files that it cannot decode. */
static const char *unsupported_kind(const char *reason) {
    static const struct {
        const char *reason, *kind;
    } kinds[] = {
        {"unknown image type", "this variant of the format"},
        {"bad offset", "a BMP with a gap before its pixels"},
        {"bad masks", "a BMP of more than 8 bits a channel"},
        {"bad compression", "a PSD picture compressed by zip"},
        {"bad format", "this variant of TGA or PIC"},
    };
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (strcmp(reason, kinds[i].reason) == 0) return kinds[i].kind;
    return NULL;
}

static dn_status refuse(const reader *r, const dni_image_header *header, const char *name, dn_error *error) {
    const char *reason = stbi_failure_reason();
    if (!reason) reason = "no reason given";
    const bool pic_ended = strcmp(reason, "bad file") == 0 && r->position == r->size;
    if (r->overrun || pic_ended)
        return dni_fail(error, DN_ERR_IMAGE_TRUNCATED, "%s: the picture file ends early", name);
    if (asked_for_more)
        return dni_fail(error, DN_ERR_IMAGE_CORRUPT,
                        "%s: the picture file is broken (it holds far more data than %d x %d pixels have)",
                        name, header->width, header->height);
    if (strcmp(reason, "outofmem") == 0)
        return dni_no_memory(error, "%s: %d x %d pixels", name, header->width, header->height);
    if (strcmp(reason, "too large") == 0)
        return dni_fail(error, DN_ERR_IMAGE_TOO_LARGE,
                        "%s: too large: %d x %d pixels; the limit of a side is %d pixels", name,
                        header->width, header->height, STBI_MAX_DIMENSIONS);
    const char *const kind = unsupported_kind(reason);
    if (kind) return dni_image_unsupported(name, error, "%s", kind);
    return dni_fail(error, DN_ERR_IMAGE_CORRUPT, "%s: the picture file is broken (stb_image: %s)", name,
                    reason);
}

/* Four channels to three, in place. */
static void drop_alpha(uint8_t *pixels, const dni_image_header *header) {
    const size_t count = (size_t)header->width * (size_t)header->height;
    for (size_t i = 1; i < count; i++) memmove(pixels + 3 * i, pixels + 4 * i, 3);
}

/* PIC is asked for with alpha, as it lies in the file: for another number of channels stb_image converts what
 * it has even where it has refused the file, and reads a null pointer. */
dn_status dni_stb_decode(dn_image *out, const dni_image_header *header, const unsigned char *bytes,
                         size_t size, const char *name, dn_error *error) {
    const int channels = header->format == DNI_STB_PIC ? 4 : 3;
    reader r = {.bytes = bytes, .size = size};
    dn_image image = {0};
    int channels_in_file;
    *out = image;
    limit_blocks(header, size);
    image.rgb =
        stbi_load_from_callbacks(&reader_calls, &r, &image.width, &image.height, &channels_in_file, channels);
    if (!image.rgb || r.overrun) {
        free(image.rgb);
        return refuse(&r, header, name, error);
    }
    if (channels == 4) drop_alpha(image.rgb, header);
    *out = image;
    return DN_OK;
}
