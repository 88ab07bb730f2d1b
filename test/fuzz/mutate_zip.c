/* SPDX-License-Identifier: MIT */
/* Mutates zip archives by their records: one record's content is changed, and libzip writes the archive anew,
 * with checksums, sizes and places that fit. Changed blindly nearly every archive would be refused for its
 * checksums. Now and then, and where libzip does not take the archive, the bytes are changed blindly. */
#include "test/fuzz/mutate.h"

#include <stdlib.h>
#include <string.h>
#include <zip.h>

enum { LARGEST_RECORD = 1 << 16 };

/* The record's content, changed, from malloc; NULL: it cannot be read. */
static uint8_t *changed_record(zip_t *zip, zip_uint64_t index, size_t capacity, size_t *size) {
    zip_stat_t info;
    if (zip_stat_index(zip, index, 0, &info) || info.size > LARGEST_RECORD || info.size > capacity)
        return NULL;
    zip_file_t *const record = zip_fopen_index(zip, index, 0);
    uint8_t *content = record ? malloc(capacity + 1) : NULL;
    if (content && zip_fread(record, content, info.size) != (zip_int64_t)info.size) {
        free(content);
        content = NULL;
    }
    if (record) zip_fclose(record);
    if (content) *size = LLVMFuzzerMutate(content, (size_t)info.size, capacity);
    return content;
}

/* Whether the record was replaced; `content` is then the archive's. */
static int replace_record(zip_t *zip, zip_uint64_t index, uint8_t *content, size_t size) {
    zip_source_t *const source = zip_source_buffer(zip, content, size, 1);
    if (!source) {
        free(content);
        return 0;
    }
    if (zip_file_replace(zip, index, source, 0) == 0)
        return zip_set_file_compression(zip, index, ZIP_CM_STORE, 0) == 0;
    zip_source_free(source);
    return 0;
}

/* What libzip has written to `from`, into `bytes`; 0 where it does not fit. */
static size_t take(zip_source_t *from, uint8_t *bytes, size_t capacity) {
    zip_stat_t info;
    if (zip_source_stat(from, &info) || info.size > capacity || zip_source_open(from)) return 0;
    const zip_int64_t size = zip_source_read(from, bytes, info.size);
    zip_source_close(from);
    return size > 0 ? (size_t)size : 0;
}

/* A source of libzip's over a copy of the bytes, which is its own; NULL: there is none. */
static zip_source_t *source_of_copy(const uint8_t *bytes, size_t size) {
    uint8_t *const copy = malloc(size);
    if (!copy) return NULL;
    memcpy(copy, bytes, size);
    zip_source_t *const source = zip_source_buffer_create(copy, size, 1, NULL);
    if (!source) free(copy);
    return source;
}

/* 0: the archive is as it was. */
static size_t mutate_record(uint8_t *bytes, size_t size, size_t capacity, unsigned seed) {
    zip_source_t *const source = source_of_copy(bytes, size);
    if (!source) return 0;
    zip_source_keep(source);
    zip_t *const zip = zip_open_from_source(source, 0, NULL);
    size_t written = 0, content_size = 0;
    if (zip && zip_get_num_entries(zip, 0) > 0) {
        const zip_uint64_t index = seed % (zip_uint64_t)zip_get_num_entries(zip, 0);
        uint8_t *const content = changed_record(zip, index, capacity, &content_size);
        if (content && replace_record(zip, index, content, content_size) && zip_close(zip) == 0)
            written = take(source, bytes, capacity);
        else
            zip_discard(zip);
    } else if (zip) {
        zip_discard(zip);
    } else {
        zip_source_free(source); /* the one that the archive would have taken */
    }
    zip_source_free(source);
    return written;
}

size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t size, size_t capacity, unsigned seed) {
    const int is_zip = size > 4 && memcmp(bytes, "PK\3\4", 4) == 0;
    const size_t changed = is_zip && seed % 4 ? mutate_record(bytes, size, capacity, seed / 4) : 0;
    return changed ? changed : LLVMFuzzerMutate(bytes, size, capacity);
}
