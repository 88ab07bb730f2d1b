/* SPDX-License-Identifier: MIT */
/* libzip's output through the atomic writer of files. */
#include "weights/pth_sink.h"

#include "core/error.h"
#include "core/memory.h"
#include "io/file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct dni_pth_sink {
    dni_file_writer *writer;
    dn_error error; /* the first failure; status DN_OK: none */
    zip_error_t problem;
    uint64_t flushed;      /* bytes that the writer has */
    unsigned char *window; /* those behind them */
    size_t used, capacity; /* of the window */
    size_t position;       /* in the window, where the next byte goes; at most `used` */
};

dn_status dni_pth_sink_open(dni_pth_sink **out, const char *path, dn_error *error) {
    *out = NULL;
    dni_pth_sink *sink = calloc(1, sizeof *sink);
    if (!sink) return dni_no_memory(error, "%s", path);
    const dn_status status = dni_file_writer_open(&sink->writer, path, error);
    if (status) {
        free(sink);
        return status;
    }
    zip_error_init(&sink->problem);
    *out = sink;
    return DN_OK;
}

dn_status dni_pth_sink_status(const dni_pth_sink *sink, dn_error *error) {
    if (sink->error.status && error) *error = sink->error;
    return sink->error.status;
}

/* What libzip is told where the sink failed: it only has to know that it did. */
static zip_int64_t fail(dni_pth_sink *sink, int code) {
    zip_error_set(&sink->problem, code, 0);
    return -1;
}

static bool make_room(dni_pth_sink *sink, size_t size) {
    size_t needed, capacity;
    if (!dni_size_add(sink->position, size, &needed)) return false;
    if (needed <= sink->capacity) return true;
    if (!dni_size_mul(needed, 2, &capacity)) return false;
    unsigned char *window = realloc(sink->window, capacity);
    if (!window) return false;
    sink->window = window;
    sink->capacity = capacity;
    return true;
}

static zip_int64_t write_bytes(dni_pth_sink *sink, const void *bytes, size_t size) {
    if (sink->error.status) return fail(sink, ZIP_ER_WRITE);
    if (!make_room(sink, size)) {
        (void)dni_no_memory(&sink->error, "%zu bytes of a zip archive's entry", size);
        return fail(sink, ZIP_ER_MEMORY);
    }
    if (size) memcpy(sink->window + sink->position, bytes, size);
    sink->position += size;
    if (sink->position > sink->used) sink->used = sink->position;
    return (zip_int64_t)size;
}

static zip_int64_t flush(dni_pth_sink *sink) {
    if (!sink->error.status && sink->used)
        sink->error.status = dni_file_write(sink->writer, sink->window, sink->used, &sink->error);
    if (sink->error.status) return fail(sink, ZIP_ER_WRITE);
    sink->flushed += sink->used;
    sink->used = sink->position = 0;
    return 0;
}

/* Back to the entry's beginning, or on to its end, where the entry is complete. */
static zip_int64_t seek(dni_pth_sink *sink, void *data, size_t size) {
    const uint64_t end = sink->flushed + sink->used, now = sink->flushed + sink->position;
    const zip_int64_t goal = zip_source_seek_compute_offset(now, end, data, size, &sink->problem);
    if (goal < 0) return -1;
    if ((uint64_t)goal < sink->flushed || (uint64_t)goal > end) return fail(sink, ZIP_ER_SEEK);
    sink->position = (size_t)((uint64_t)goal - sink->flushed);
    return (uint64_t)goal == end ? flush(sink) : 0;
}

/* Nothing can be read back: the archive is new. */
static zip_int64_t stat_absent(dni_pth_sink *sink) {
    zip_error_set(&sink->problem, ZIP_ER_READ, ENOENT);
    return -1;
}

static zip_int64_t command(void *context, void *data, zip_uint64_t size, zip_source_cmd_t what) {
    dni_pth_sink *sink = context;
    switch (what) {
    case ZIP_SOURCE_SUPPORTS:
        return zip_source_make_command_bitmap(
            ZIP_SOURCE_OPEN, ZIP_SOURCE_READ, ZIP_SOURCE_CLOSE, ZIP_SOURCE_STAT, ZIP_SOURCE_ERROR,
            ZIP_SOURCE_FREE, ZIP_SOURCE_SEEK, ZIP_SOURCE_TELL, ZIP_SOURCE_SUPPORTS, ZIP_SOURCE_BEGIN_WRITE,
            ZIP_SOURCE_COMMIT_WRITE, ZIP_SOURCE_ROLLBACK_WRITE, ZIP_SOURCE_WRITE, ZIP_SOURCE_SEEK_WRITE,
            ZIP_SOURCE_TELL_WRITE, ZIP_SOURCE_REMOVE, -1);
    case ZIP_SOURCE_STAT:
        return stat_absent(sink);
    case ZIP_SOURCE_WRITE:
        return write_bytes(sink, data, (size_t)size);
    case ZIP_SOURCE_SEEK_WRITE:
        return seek(sink, data, (size_t)size);
    case ZIP_SOURCE_TELL_WRITE:
        return (zip_int64_t)(sink->flushed + sink->position);
    case ZIP_SOURCE_COMMIT_WRITE:
        return flush(sink);
    case ZIP_SOURCE_ERROR:
        return zip_error_to_data(&sink->problem, data, size);
    case ZIP_SOURCE_BEGIN_WRITE:
    case ZIP_SOURCE_ROLLBACK_WRITE:
    case ZIP_SOURCE_REMOVE:
    case ZIP_SOURCE_FREE:
    case ZIP_SOURCE_CLOSE:
        return 0;
    default:
        return fail(sink, ZIP_ER_OPNOTSUPP);
    }
}

zip_source_t *dni_pth_sink_source(dni_pth_sink *sink, zip_error_t *problem) {
    return zip_source_function_create(command, sink, problem);
}

dn_status dni_pth_sink_close(dni_pth_sink *sink, bool keep, dn_error *error) {
    dn_status status = DN_OK;
    if (keep)
        status = dni_file_writer_commit(sink->writer, error);
    else
        dni_file_writer_abandon(sink->writer);
    zip_error_fini(&sink->problem);
    free(sink->window);
    free(sink);
    return status;
}
