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
    size_t bytes = 0;
    dn_status status = read_dtype(r, out, entry);
    if (!status) status = read_shape(r, out, entry, &bytes);
    if (!status) status = read_offsets(r, out, entry, bytes);
    return status;
}

/* ---- the header's text ---- */

static void skip_spaces(reader *r) {
    while (r->position < r->length && strchr(" \t\r\n", r->text[r->position]) && r->text[r->position])
        r->position++;
}

static dn_status wrong_header(reader *r, const char *what) {
    return dni_fail(r->error, DN_ERR_CORRUPT, "%s: header, byte %zu: %s", r->path, r->position, what);
}

/* The next character but for spaces; 0 at the end. */
static char next_character(reader *r) {
    skip_spaces(r);
    return r->position < r->length ? r->text[r->position] : '\0';
}

/* Goes on behind that character, which must be the next one. */
static dn_status expect(reader *r, char character) {
    if (next_character(r) != character) {
        char what[] = "'?' is missing";
        what[1] = character;
        return wrong_header(r, what);
    }
    r->position++;
    return DN_OK;
}

/* The next JSON value, of at most `limit` bytes. *is_longer, unless NULL: it goes on behind these. */
static dn_status next_value(reader *r, size_t limit, json_t **out, bool *is_longer) {
    const size_t left = r->length - r->position;
    json_error_t reason;
    if (is_longer) *is_longer = false;
    const dn_status status =
        dni_json_parse(out, r->text + r->position, left < limit ? left : limit,
                       JSON_DECODE_ANY | JSON_DISABLE_EOF_CHECK | JSON_REJECT_DUPLICATES, &reason);
    if (status == DN_ERR_MEMORY) return dni_no_memory(r->error, "%s", r->path);
    if (is_longer)
        *is_longer = status && limit < left && json_error_code(&reason) == json_error_premature_end_of_input;
    const size_t position = r->position + (reason.position > 0 ? (size_t)reason.position : 0);
    if (status) return dni_fail(r->error, status, "%s: header, byte %zu: %s", r->path, position, reason.text);
    r->position = position;
    return DN_OK;
}

/* ---- members of an object ---- */

/* Reads what stands behind the colon of a member of that name. */
typedef dn_status (*member_taker)(reader *r, const char *name);

static dn_status read_member(reader *r, member_taker take) {
    json_t *name = NULL;
    if (next_character(r) != '"') return wrong_header(r, "no name of a member");
    dn_status status = next_value(r, r->length, &name, NULL);
    if (!status) status = expect(r, ':');
    if (!status) status = take(r, json_string_value(name));
    json_decref(name);
    return status;
}

static dn_status read_object(reader *r, member_taker take) {
    dn_status status = expect(r, '{');
    bool more = !status && next_character(r) != '}';
    while (more && !status) {
        status = read_member(r, take);
        more = next_character(r) == ',';
        r->position += more;
    }
    return status ? status : expect(r, '}');
}

/* ---- metadata ---- */

static dn_status add_metadata(reader *r, const char *name, const char *value) {
    if (dni_tensor_dict_meta(r->dict, name))
        return dni_fail(r->error, DN_ERR_CORRUPT, "%s: %s entry '%s' occurs twice", r->path, METADATA_KEY,
                        name);
    if (dni_tensor_dict_meta_count(r->dict) == METADATA_LIMIT)
        return dni_fail(r->error, DN_ERR_UNSUPPORTED, "%s: more than %d entries of %s", r->path,
                        METADATA_LIMIT, METADATA_KEY);
    return dni_tensor_dict_set_meta(r->dict, name, value, r->error);
}

static dn_status take_metadata(reader *r, const char *name) {
    json_t *value = NULL;
    if (next_character(r) != '"')
        return dni_fail(r->error, DN_ERR_CORRUPT, "%s: %s entry '%s' is not a string", r->path, METADATA_KEY,
                        name);
    dn_status status = next_value(r, r->length, &value, NULL);
    if (!status) status = add_metadata(r, name, json_string_value(value));
    json_decref(value);
    return status;
}

static dn_status read_metadata(reader *r) {
    if (r->has_metadata) return wrong_header(r, "a second __metadata__");
    r->has_metadata = true;
    if (next_character(r) != '{')
        return dni_fail(r->error, DN_ERR_CORRUPT, "%s: %s is not an object", r->path, METADATA_KEY);
    return read_object(r, take_metadata);
}

/* ---- tensors ---- */

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

/* What describes a tensor: it is short, so that an object with very many members is not read. */
static dn_status read_description(reader *r, record *out) {
    json_t *value = NULL;
    bool is_longer;
    if (next_character(r) != '{')
        return dni_fail(r->error, DN_ERR_CORRUPT, "%s: tensor '%s' is not described by an object", r->path,
                        out->name);
    dn_status status = next_value(r, DESCRIPTION_LIMIT, &value, &is_longer);
    if (status && is_longer)
        return dni_fail(r->error, DN_ERR_CORRUPT, "%s: tensor '%s' is described by more than %d bytes",
                        r->path, out->name, DESCRIPTION_LIMIT);
    if (!status) status = read_record(r, out, value);
    json_decref(value);
    return status;
}

static dn_status take_member(reader *r, const char *name) {
    if (strcmp(name, METADATA_KEY) == 0) return read_metadata(r);
    record *out = NULL;
    const dn_status status = new_record(r, name, &out);
    return status ? status : read_description(r, out);
}

static dn_status read_members(reader *r) {
    const dn_status status = read_object(r, take_member);
    skip_spaces(r);
    return status || r->position == r->length ? status : wrong_header(r, "something behind the object's end");
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
