/* SPDX-License-Identifier: MIT */
/* The header's JSON. That of its values is jansson's work.
 *
 * The header is an object that may have very many members, so it is taken apart here, a member at
 * a time, and only each key and each value is given to jansson. Every member becomes a record; sorted by
 * offset, the records must tile the data exactly. */
#include "io/safetensors_header.h"

#include "core/error.h"
#include "core/memory.h"
#include "io/json.h"
#include "io/safetensors_format.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

typedef dni_safetensors_record record;

typedef struct reader {
    const char *path;
    dn_error *error;
    uint64_t data_size; /* of the data section */
    dni_tensor_dict *dict;
    bool has_metadata;
    record *records;
    size_t count, capacity;

    /* the header's text */
    const char *text;
    size_t length, position;
} reader;

static dn_status read_metadata(reader *r, json_t *metadata) {
    if (!json_is_object(metadata))
        return dni_fail(r->error, DN_ERR_CORRUPT, "%s: %s is not an object", r->path, METADATA_KEY);
    const char *key;
    json_t *value;
    json_object_foreach(metadata, key, value) {
        if (!json_is_string(value))
            return dni_fail(r->error, DN_ERR_CORRUPT, "%s: %s entry '%s' is not a string", r->path,
                            METADATA_KEY, key);
        if (dni_tensor_dict_meta_count(r->dict) == METADATA_LIMIT)
            return dni_fail(r->error, DN_ERR_UNSUPPORTED, "%s: more than %d entries of %s", r->path,
                            METADATA_LIMIT, METADATA_KEY);
        const dn_status status = dni_tensor_dict_set_meta(r->dict, key, json_string_value(value), r->error);
        if (status) return status;
    }
    return DN_OK;
}

static dn_status read_dtype(reader *r, record *out, json_t *entry) {
    const char *dtype = json_string_value(json_object_get(entry, "dtype"));
    if (!dtype) return dni_fail(r->error, DN_ERR_CORRUPT, "%s: tensor '%s' has no dtype", r->path, out->name);
    if (!dni_dtype_from_name(dtype, &out->tensor.dtype))
        return dni_fail(r->error, DN_ERR_TENSOR_DTYPE,
                        "%s: tensor '%s' has dtype '%s', which is not known here", r->path, out->name, dtype);
    return DN_OK;
}

/* Sets the tensor's shape; *bytes is what shape and dtype need. */
static dn_status read_shape(reader *r, record *out, json_t *entry, size_t *bytes) {
    json_t *shape = json_object_get(entry, "shape");
    if (!json_is_array(shape))
        return dni_fail(r->error, DN_ERR_CORRUPT, "%s: tensor '%s' has no shape", r->path, out->name);
    const size_t rank = json_array_size(shape);
    if (rank > DNI_MAX_RANK)
        return dni_fail(r->error, DN_ERR_UNSUPPORTED, "%s: tensor '%s' has %zu dimensions, more than %d",
                        r->path, out->name, rank, DNI_MAX_RANK);
    int64_t sizes[DNI_MAX_RANK];
    *bytes = dni_dtype_size(out->tensor.dtype);
    for (size_t d = 0; d < rank; d++) {
        json_t *size = json_array_get(shape, d);
        sizes[d] = json_is_integer(size) ? json_integer_value(size) : -1;
        if (sizes[d] < 0)
            return dni_fail(r->error, DN_ERR_CORRUPT, "%s: tensor '%s': dimension %zu is not a size", r->path,
                            out->name, d);
        if (!dni_size_mul(*bytes, (size_t)sizes[d], bytes) || *bytes > INT64_MAX)
            return dni_fail(r->error, DN_ERR_CORRUPT, "%s: tensor '%s' has more elements than fit memory",
                            r->path, out->name);
    }
    out->tensor = dni_tensor_of(out->tensor.dtype, NULL, (int)rank, sizes);
    return DN_OK;
}

static dn_status read_offsets(reader *r, record *out, json_t *entry, size_t bytes) {
    json_t *offsets = json_object_get(entry, "data_offsets");
    json_t *begin = json_array_get(offsets, 0), *end = json_array_get(offsets, 1);
    if (json_array_size(offsets) != 2 || !json_is_integer(begin) || !json_is_integer(end) ||
        json_integer_value(begin) < 0 || json_integer_value(end) < json_integer_value(begin))
        return dni_fail(r->error, DN_ERR_CORRUPT,
                        "%s: tensor '%s': data_offsets are not a beginning and an end", r->path, out->name);
    out->begin = (uint64_t)json_integer_value(begin);
    out->end = (uint64_t)json_integer_value(end);
    if (out->end - out->begin != bytes)
        return dni_fail(r->error, DN_ERR_CORRUPT,
                        "%s: tensor '%s' needs %zu bytes, but its data_offsets give it %" PRIu64, r->path,
                        out->name, bytes, out->end - out->begin);
    if (out->end > r->data_size)
        return dni_fail(r->error, DN_ERR_TRUNCATED,
                        "%s: ends inside tensor '%s': %" PRIu64 " bytes of data, not %" PRIu64, r->path,
                        out->name, r->data_size, out->end);
    return DN_OK;
}

static dn_status read_record(reader *r, record *out, json_t *entry) {
    if (!json_is_object(entry))
        return dni_fail(r->error, DN_ERR_CORRUPT, "%s: tensor '%s' is not described by an object", r->path,
                        out->name);
    size_t bytes = 0;
    dn_status status = read_dtype(r, out, entry);
    if (!status) status = read_shape(r, out, entry, &bytes);
    if (!status) status = read_offsets(r, out, entry, bytes);
    return status;
}

/* ---- the header, a member at a time ---- */

static void skip_spaces(reader *r) {
    while (r->position < r->length && strchr(" \t\r\n", r->text[r->position]) && r->text[r->position])
        r->position++;
}

static dn_status wrong_header(reader *r, const char *what) {
    return dni_fail(r->error, DN_ERR_CORRUPT, "%s: header, byte %zu: %s", r->path, r->position, what);
}

/* Goes on behind that character, which must be the next one but for spaces. */
static dn_status expect(reader *r, char character) {
    skip_spaces(r);
    if (r->position == r->length || r->text[r->position] != character) {
        char what[] = "'?' is missing";
        what[1] = character;
        return wrong_header(r, what);
    }
    r->position++;
    return DN_OK;
}

/* The next JSON value of any kind. */
static dn_status next_value(reader *r, json_t **out) {
    json_error_t reason;
    const dn_status status =
        dni_json_parse(out, r->text + r->position, r->length - r->position,
                       JSON_DECODE_ANY | JSON_DISABLE_EOF_CHECK | JSON_REJECT_DUPLICATES, &reason);
    if (status == DN_ERR_MEMORY) return dni_no_memory(r->error, "%s", r->path);
    const size_t position = r->position + (reason.position > 0 ? (size_t)reason.position : 0);
    if (status) return dni_fail(r->error, status, "%s: header, byte %zu: %s", r->path, position, reason.text);
    r->position = position;
    return DN_OK;
}

static dn_status new_record(reader *r, const char *name, record **out) {
    if (r->count == DNI_TENSOR_LIMIT)
        return dni_fail(r->error, DN_ERR_UNSUPPORTED, "%s: more than %d tensors", r->path, DNI_TENSOR_LIMIT);
    if (r->count == r->capacity) {
        const size_t capacity = r->capacity ? 2 * r->capacity : 64;
        record *records = realloc(r->records, capacity * sizeof *records);
        if (!records) return dni_no_memory(r->error, "%s", r->path);
        r->records = records;
        r->capacity = capacity;
    }
    r->records[r->count] = (record){.name = strdup(name)};
    if (!r->records[r->count].name) return dni_no_memory(r->error, "%s", r->path);
    *out = &r->records[r->count++];
    return DN_OK;
}

static dn_status take_member(reader *r, const char *key, json_t *value) {
    if (strcmp(key, METADATA_KEY) == 0) {
        if (r->has_metadata) return wrong_header(r, "a second __metadata__");
        r->has_metadata = true;
        return read_metadata(r, value);
    }
    record *out = NULL;
    const dn_status status = new_record(r, key, &out);
    return status ? status : read_record(r, out, value);
}

static dn_status read_member(reader *r) {
    json_t *key = NULL, *value = NULL;
    skip_spaces(r);
    if (r->position == r->length || r->text[r->position] != '"')
        return wrong_header(r, "no name of a tensor");
    dn_status status = next_value(r, &key);
    if (!status) status = expect(r, ':');
    if (!status) status = next_value(r, &value);
    if (!status) status = take_member(r, json_string_value(key), value);
    json_decref(key);
    json_decref(value);
    return status;
}

static dn_status read_members(reader *r) {
    dn_status status = expect(r, '{');
    skip_spaces(r);
    bool more = r->position == r->length || r->text[r->position] != '}';
    while (more && !status) {
        status = read_member(r);
        skip_spaces(r);
        more = r->position < r->length && r->text[r->position] == ',';
        r->position += more;
    }
    if (!status) status = expect(r, '}');
    skip_spaces(r);
    if (!status && r->position < r->length) status = wrong_header(r, "something behind the object's end");
    return status;
}

static int by_offset(const void *a, const void *b) {
    const record *x = a, *y = b;
    if (x->begin != y->begin) return x->begin < y->begin ? -1 : 1;
    if (x->end != y->end) return x->end < y->end ? -1 : 1;
    return strcmp(x->name, y->name);
}

/* The tensors, in order of offset, must cover the data once and whole. */
static dn_status check_tiling(reader *r) {
    if (r->count) qsort(r->records, r->count, sizeof *r->records, by_offset);
    uint64_t covered = 0;
    for (size_t i = 0; i < r->count; i++) {
        if (r->records[i].begin != covered)
            return dni_fail(r->error, DN_ERR_CORRUPT,
                            "%s: tensor '%s' begins at byte %" PRIu64 " of the data, %s", r->path,
                            r->records[i].name, r->records[i].begin,
                            r->records[i].begin < covered ? "inside the one before it"
                                                          : "behind bytes that belong to no tensor");
        covered = r->records[i].end;
    }
    if (covered != r->data_size)
        return dni_fail(r->error, DN_ERR_CORRUPT,
                        "%s: %" PRIu64 " bytes behind the last tensor belong to none", r->path,
                        r->data_size - covered);
    return DN_OK;
}

dn_status dni_safetensors_header_parse(dni_safetensors_header *out, dni_tensor_dict *dict, const char *text,
                                       size_t length, uint64_t data_size, const char *path, dn_error *error) {
    reader r = {
        .path = path, .error = error, .data_size = data_size, .dict = dict, .text = text, .length = length};
    dn_status status = read_members(&r);
    if (!status) status = check_tiling(&r);
    *out = (dni_safetensors_header){.records = r.records, .count = r.count};
    return status;
}

void dni_safetensors_header_free(dni_safetensors_header *header) {
    for (size_t i = 0; i < header->count; i++) free(header->records[i].name);
    free(header->records);
    *header = (dni_safetensors_header){.records = NULL};
}
