/* SPDX-License-Identifier: MIT */
/* libzip's questions, answered by dni_file_read_at(): so that a file and memory are read by one code, and
 * what the system refused is known word for word. */
#include "weights/zip_source.h"

static zip_int64_t read_some(dni_zip_source *source, void *out, zip_uint64_t size) {
    const uint64_t left = source->file->size - source->position;
    if (size > left) size = left;
    if (size > INT64_MAX / 2) size = INT64_MAX / 2;
    if (dni_file_read_at(source->file, out, (size_t)size, source->position, &source->error)) {
        zip_error_set(&source->state, ZIP_ER_READ, 0);
        return -1;
    }
    source->position += size;
    return (zip_int64_t)size;
}

static zip_int64_t seek(dni_zip_source *source, void *data, zip_uint64_t size) {
    const zip_int64_t position =
        zip_source_seek_compute_offset(source->position, source->file->size, data, size, &source->state);
    if (position < 0) return -1;
    source->position = (uint64_t)position;
    return 0;
}

static zip_int64_t describe(const dni_zip_source *source, zip_stat_t *out) {
    zip_stat_init(out);
    out->valid = ZIP_STAT_SIZE;
    out->size = source->file->size;
    return sizeof *out;
}

static zip_int64_t answer(void *context, void *data, zip_uint64_t size, zip_source_cmd_t question) {
    dni_zip_source *source = context;
    switch (question) {
    case ZIP_SOURCE_OPEN:
        source->position = 0;
        return 0;
    case ZIP_SOURCE_READ:
        return read_some(source, data, size);
    case ZIP_SOURCE_SEEK:
        return seek(source, data, size);
    case ZIP_SOURCE_TELL:
        return (zip_int64_t)source->position;
    case ZIP_SOURCE_STAT:
        return describe(source, data);
    case ZIP_SOURCE_ERROR:
        return zip_error_to_data(&source->state, data, size);
    case ZIP_SOURCE_SUPPORTS:
        return ZIP_SOURCE_SUPPORTS_SEEKABLE;
    case ZIP_SOURCE_CLOSE:
    case ZIP_SOURCE_FREE:
        return 0;
    default:
        zip_error_set(&source->state, ZIP_ER_OPNOTSUPP, 0);
        return -1;
    }
}

zip_source_t *dni_zip_source_create(dni_zip_source *source, zip_error_t *problem) {
    *source = (dni_zip_source){.file = source->file};
    zip_error_init(&source->state);
    return zip_source_function_create(answer, source, problem);
}
