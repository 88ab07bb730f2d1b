/* SPDX-License-Identifier: MIT */
/* A stream whose writes go to a block that grows: where it cannot, the write fails as one to a full disk
 * does. */
#define _GNU_SOURCE /* fopencookie() */
#include "io/text_stream.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

enum { FIRST_CAPACITY = 256 };

/* Room for `more` bytes and a zero. */
static bool reserve(dni_text_stream *stream, size_t more) {
    size_t capacity = stream->capacity ? stream->capacity : FIRST_CAPACITY;
    while (capacity - stream->size <= more) {
        if (capacity > SIZE_MAX / 2) return false;
        capacity *= 2;
    }
    if (capacity == stream->capacity) return true;
    char *const grown = realloc(stream->text, capacity);
    if (!grown) return false;
    stream->text = grown;
    stream->capacity = capacity;
    return true;
}

static ssize_t append(void *context, const char *bytes, size_t size) {
    dni_text_stream *const stream = context;
    if (!reserve(stream, size)) {
        errno = ENOMEM;
        return 0; /* of fopencookie(): an error */
    }
    memcpy(stream->text + stream->size, bytes, size);
    stream->size += size;
    return (ssize_t)size;
}

bool dni_text_stream_open(dni_text_stream *out) {
    *out = (dni_text_stream){0};
    if (reserve(out, 0)) out->to = fopencookie(out, "w", (cookie_io_functions_t){.write = append});
    if (out->to) return true;
    free(out->text);
    out->text = NULL;
    return false;
}

bool dni_text_stream_close(dni_text_stream *stream) {
    if (!stream->to) return stream->text != NULL;
    bool is_whole = !ferror(stream->to);
    if (fclose(stream->to) != 0) is_whole = false;
    stream->to = NULL;
    if (is_whole) {
        stream->text[stream->size] = '\0';
        return true;
    }
    free(stream->text);
    stream->text = NULL;
    return false;
}
