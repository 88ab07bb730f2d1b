/* SPDX-License-Identifier: MIT */
/* safetensors, read: io/safetensors_header.c takes the header apart.
 *
 * The format promises no alignment. A tensor that is not aligned to its element size is copied into memory
 * of the dictionary's own, so that callers may use its data as an array of its type. */
#include "io/safetensors.h"

#include "core/error.h"
#include "core/memory.h"
#include "io/safetensors_format.h"
#include "io/safetensors_header.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "safetensors data is used as it lies in the file");

/* Finds the header's extent: it begins at byte LENGTH_BYTES. */
static dn_status read_length(const dni_file *file, uint64_t *length, dn_error *error) {
    char first;
    if (file->size < LENGTH_BYTES + 2)
        return dni_fail(error, DN_ERR_TRUNCATED, "%s: %" PRIu64 " bytes are too few for a safetensors file",
                        file->path, file->size);
    dn_status status = dni_file_read_at(file, length, LENGTH_BYTES, 0, error);
    if (!status) status = dni_file_read_at(file, &first, 1, LENGTH_BYTES, error);
    if (status) return status;
    if (first != '{')
        return dni_fail(error, DN_ERR_FORMAT,
                        "%s: is no safetensors file: its header does not begin with '{'", file->path);
    if (*length > HEADER_LIMIT)
        return dni_fail(error, DN_ERR_CORRUPT,
                        "%s: a header of %" PRIu64 " bytes is above the format's limit of %d", file->path,
                        *length, HEADER_LIMIT);
    if (*length > file->size - LENGTH_BYTES)
        return dni_fail(error, DN_ERR_TRUNCATED,
                        "%s: ends inside its header, which should be %" PRIu64 " bytes long", file->path,
                        *length);
    return DN_OK;
}

/* ---- an open file ---- */

/* The records, in order of offset, become the dictionary's tensors. */
static dn_status add_records(const dni_safetensors_header *header, dni_safetensors *out, uint64_t data_begin,
                             dn_error *error) {
    for (size_t i = 0; i < header->count; i++) {
        const dni_safetensors_record *source = &header->records[i];
        if (dni_tensor_dict_find(out->dict, source->name))
            return dni_fail(error, DN_ERR_CORRUPT, "%s: header: tensor '%s' occurs twice", out->file.path,
                            source->name);
        dni_tensor tensor = source->tensor;
        tensor.place = data_begin + source->begin;
        const dn_status status = dni_tensor_dict_add(out->dict, source->name, tensor, error);
        if (status) return status;
    }
    return DN_OK;
}

static dn_status read_text(const dni_file *file, char **out, uint64_t length, dn_error *error) {
    *out = malloc((size_t)length);
    if (!*out) return dni_no_memory(error, "%s", file->path);
    return dni_file_read_at(file, *out, (size_t)length, LENGTH_BYTES, error);
}

static dn_status read_header(dni_safetensors *out, dn_error *error) {
    const dni_file *file = &out->file;
    uint64_t length = 0;
    char *text = NULL;
    dn_status status = read_length(file, &length, error);
    if (!status) status = read_text(file, &text, length, error);
    dni_safetensors_header header = {.records = NULL};
    if (!status)
        status = dni_safetensors_header_parse(&header, out->dict, text, (size_t)length,
                                              file->size - LENGTH_BYTES - length, file->path, error);
    if (!status) status = add_records(&header, out, LENGTH_BYTES + length, error);
    dni_safetensors_header_free(&header);
    free(text);
    return status;
}

/* Over a file that stays the caller's. */
static dn_status open_over(dni_safetensors *out, const dni_file *file, const dn_allocator *allocator,
                           dn_error *error) {
    *out = (dni_safetensors){.file = *file, .dict = dni_tensor_dict_create_in(allocator)};
    const dn_status status = out->dict ? read_header(out, error) : dni_no_memory(error, "%s", file->path);
    if (status) dni_tensor_dict_free(out->dict);
    return dni_fail_in(error, status, file->path);
}

dn_status dni_safetensors_open(dni_safetensors *out, const char *path, dn_error *error) {
    dni_file file;
    dn_status status = dni_file_open(&file, path, error);
    if (!status) status = open_over(out, &file, NULL, error);
    if (!status) return DN_OK;
    dni_file_close(&file);
    *out = (dni_safetensors){.file = {.descriptor = -1}};
    return status;
}

void dni_safetensors_close(dni_safetensors *file) {
    dni_file_close(&file->file);
    dni_tensor_dict_free(file->dict);
    *file = (dni_safetensors){.file = {.descriptor = -1}};
}

bool dni_safetensors_find(const dni_safetensors *file, const char *name, dni_tensor *tensor,
                          uint64_t *offset) {
    const dni_tensor *found = dni_tensor_dict_find(file->dict, name);
    if (!found) return false;
    *tensor = *found;
    *offset = found->place;
    return true;
}

/* ---- all of it in memory ---- */

/* The bytes of all tensors lie behind one another, from the first offset on: one block takes them. */
static dn_status read_data(const dni_safetensors *file, unsigned char **out, dn_error *error) {
    *out = NULL;
    if (!dni_tensor_dict_count(file->dict)) return DN_OK;
    const uint64_t begin = dni_tensor_dict_at(file->dict, 0)->tensor.place, size = file->file.size - begin;
    if (size > SIZE_MAX / 2) return dni_no_memory(error, "%s", file->file.path);
    *out = dni_file_view(&file->file, (size_t)size, begin, 1);
    if (*out) return DN_OK;
    void *block;
    const dn_status status =
        dni_tensor_dict_new_memory(file->dict, (size_t)size, file->file.path, &block, error);
    if (status) return status;
    dni_prefault(block, (size_t)size);
    *out = block;
    return dni_file_read_at(&file->file, block, (size_t)size, begin, error);
}

/* Where the tensor can be used: in the block or, where that is not aligned for its type, in memory of its
 * own. */
static dn_status place_tensor(dni_tensor_dict *dict, size_t i, unsigned char *bytes, const char *path,
                              dn_error *error) {
    const dni_tensor *tensor = &dni_tensor_dict_at(dict, i)->tensor;
    void *place = bytes;
    if ((uintptr_t)bytes % dni_dtype_size(tensor->dtype)) {
        const dn_status status = dni_tensor_dict_new_memory(dict, tensor_bytes(tensor), path, &place, error);
        if (status) return status;
        memcpy(place, bytes, tensor_bytes(tensor));
    }
    dni_tensor_dict_set_data(dict, i, place);
    return DN_OK;
}

dn_status dni_safetensors_read_file(dni_tensor_dict **out, const dni_file *file,
                                    const dn_allocator *allocator, dn_error *error) {
    *out = NULL;
    dni_safetensors content;
    unsigned char *block = NULL;
    dn_status status = open_over(&content, file, allocator, error);
    if (status) return status;
    status = read_data(&content, &block, error);
    uint64_t begin = 0;
    for (size_t i = 0; i < dni_tensor_dict_count(content.dict) && !status; i++) {
        const uint64_t place = dni_tensor_dict_at(content.dict, i)->tensor.place;
        if (i == 0) begin = place;
        status = place_tensor(content.dict, i, block + (place - begin), file->path, error);
    }
    if (status)
        dni_tensor_dict_free(content.dict);
    else
        *out = content.dict;
    return status;
}

dn_status dni_safetensors_describe(dni_tensor_dict **out, const dni_file *file, const dn_allocator *allocator,
                                   dn_error *error) {
    dni_safetensors content;
    *out = NULL;
    const dn_status status = open_over(&content, file, allocator, error);
    if (!status) *out = content.dict;
    return status;
}

dn_status dni_safetensors_read(dni_tensor_dict **out, const char *path, dn_error *error) {
    *out = NULL;
    dni_file file;
    dn_status status = dni_file_open(&file, path, error);
    if (status) return status;
    status = dni_safetensors_read_file(out, &file, NULL, error);
    dni_file_close(&file);
    return status;
}
