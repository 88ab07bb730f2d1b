/* SPDX-License-Identifier: MIT */
/* safetensors, written: in one order whatever the dictionary's, so that equal content gives equal bytes. */
#include "io/safetensors.h"

#include "core/error.h"
#include "core/memory.h"
#include "io/json.h"
#include "io/safetensors_format.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

/* Falling element size keeps every tensor aligned; the name makes the order one. */
static int by_size_and_name(const void *a, const void *b) {
    const dni_named_tensor *x = *(const dni_named_tensor *const *)a, *y = *(const dni_named_tensor *const *)b;
    const size_t x_size = dni_dtype_size(x->tensor.dtype), y_size = dni_dtype_size(y->tensor.dtype);
    if (x_size != y_size) return x_size > y_size ? -1 : 1;
    return strcmp(x->name, y->name);
}

/* The tensors in the order they are written, or NULL when out of memory. */
static const dni_named_tensor **sorted_tensors(const dni_tensor_dict *dict) {
    const size_t count = dni_tensor_dict_count(dict);
    const dni_named_tensor **tensors = malloc((count + 1) * sizeof *tensors);
    if (!tensors) return NULL;
    for (size_t i = 0; i < count; i++) tensors[i] = dni_tensor_dict_at(dict, i);
    qsort(tensors, count, sizeof *tensors, by_size_and_name);
    return tensors;
}

static dn_status check_writable(const dni_named_tensor *named, const char *path, dn_error *error) {
    if (!dni_tensor_is_dense(&named->tensor))
        return dni_fail(error, DN_ERR_ARGUMENT, "%s: tensor '%s' is not dense and cannot be written", path,
                        named->name);
    if (strcmp(named->name, METADATA_KEY) == 0)
        return dni_fail(error, DN_ERR_ARGUMENT, "%s: no tensor can be named '%s'", path, METADATA_KEY);
    if (!dni_is_utf8(named->name))
        return dni_fail(error, DN_ERR_ARGUMENT, "%s: tensor name '%s' is not UTF-8 text", path, named->name);
    return DN_OK;
}

/* What reading would refuse is not written. */
static dn_status check_content(const dni_tensor_dict *dict, const dni_named_tensor *const *tensors,
                               const char *path, dn_error *error) {
    const size_t count = dni_tensor_dict_count(dict), meta_count = dni_tensor_dict_meta_count(dict);
    if (count > DNI_TENSOR_LIMIT || meta_count > METADATA_LIMIT)
        return dni_fail(error, DN_ERR_ARGUMENT,
                        "%s: %zu tensors and %zu entries of metadata are more than the %d and %d of a file",
                        path, count, meta_count, DNI_TENSOR_LIMIT, METADATA_LIMIT);
    for (size_t i = 0; i < count; i++) {
        const dn_status status = check_writable(tensors[i], path, error);
        if (status) return status;
    }
    for (size_t i = 0; i < meta_count; i++) {
        const char *key, *value;
        dni_tensor_dict_meta_at(dict, i, &key, &value);
        if (!dni_is_utf8(key) || !dni_is_utf8(value))
            return dni_fail(error, DN_ERR_ARGUMENT, "%s: metadata '%s' is not UTF-8 text", path, key);
    }
    return DN_OK;
}

static int by_key(const void *a, const void *b) {
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Adds the metadata, by key, to the JSON header; -1, as jansson has it, when out of memory. */
static int put_metadata(json_t *header, const dni_tensor_dict *dict) {
    const size_t count = dni_tensor_dict_meta_count(dict);
    if (!count) return 0;
    const char **keys = malloc(count * sizeof *keys);
    if (!keys) return -1;
    const char *value;
    for (size_t i = 0; i < count; i++) dni_tensor_dict_meta_at(dict, i, &keys[i], &value);
    qsort(keys, count, sizeof *keys, by_key);
    json_t *metadata = json_object();
    int failed = 0;
    for (size_t i = 0; i < count && !failed; i++)
        failed = json_object_set_new(metadata, keys[i], json_string(dni_tensor_dict_meta(dict, keys[i])));
    free(keys);
    if (!failed) return json_object_set_new(header, METADATA_KEY, metadata);
    json_decref(metadata);
    return -1;
}

static int put_tensor(json_t *header, const dni_named_tensor *named, uint64_t begin) {
    const dni_tensor *tensor = &named->tensor;
    json_t *shape = json_array();
    int failed = 0;
    for (int d = 0; d < tensor->rank && !failed; d++)
        failed = json_array_append_new(shape, json_integer(tensor->shape[d]));
    if (failed) {
        json_decref(shape);
        return -1;
    }
    const uint64_t end = begin + tensor_bytes(tensor);
    json_t *entry = json_pack("{s:s, s:o, s:[I, I]}", "dtype", dni_dtype_name(tensor->dtype), "shape", shape,
                              "data_offsets", (json_int_t)begin, (json_int_t)end);
    return json_object_set_new(header, named->name, entry);
}

/* The header's text; NULL when out of memory. */
static char *header_text(const dni_tensor_dict *dict, const dni_named_tensor *const *tensors) {
    json_t *header = json_object();
    int failed = put_metadata(header, dict);
    uint64_t begin = 0;
    for (size_t i = 0; i < dni_tensor_dict_count(dict) && !failed; i++) {
        failed = put_tensor(header, tensors[i], begin);
        begin += tensor_bytes(&tensors[i]->tensor);
    }
    char *text = failed ? NULL : dni_json_dump(header, JSON_COMPACT);
    json_decref(header);
    return text;
}

/* ---- where the bytes go ---- */

static dn_status put_into_file(void *writer, const void *bytes, size_t size, dn_error *error) {
    return dni_file_write(writer, bytes, size, error);
}

/* Memory that has room for all of it; *place is where the next bytes go. */
static dn_status put_into_memory(void *place, const void *bytes, size_t size, dn_error *error) {
    (void)error;
    unsigned char **next = place;
    if (size) memcpy(*next, bytes, size);
    *next += size;
    return DN_OK;
}

/* What is written, in order. */
typedef struct content {
    const dni_named_tensor **tensors;
    size_t count;
    char *header;
    size_t size; /* of all of it */
} content;

/* Checks and describes the dictionary. On failure, too, the content is to be freed. */
static dn_status describe(content *out, const dni_tensor_dict *dict, const char *path, dn_error *error) {
    *out = (content){.tensors = sorted_tensors(dict), .count = dni_tensor_dict_count(dict)};
    if (!out->tensors) return dni_no_memory(error, "%s", path);
    const dn_status status = check_content(dict, out->tensors, path, error);
    if (status) return status;
    out->header = header_text(dict, out->tensors);
    if (!out->header) return dni_no_memory(error, "%s", path);
    const size_t length = strlen(out->header);
    if (length > HEADER_LIMIT - DNI_ALIGNMENT)
        return dni_fail(error, DN_ERR_ARGUMENT, "%s: a header of %zu bytes is above the format's limit of %d",
                        path, length, HEADER_LIMIT);
    out->size = dni_align_up(LENGTH_BYTES + length);
    for (size_t i = 0; i < out->count; i++)
        if (!dni_size_add(out->size, tensor_bytes(&out->tensors[i]->tensor), &out->size))
            return dni_no_memory(error, "%s", path);
    return DN_OK;
}

static void free_description(content *described) {
    free(described->header);
    free(described->tensors);
}

static dn_status put_header(const dni_sink *to, const char *text, dn_error *error) {
    char spaces[DNI_ALIGNMENT];
    memset(spaces, ' ', sizeof spaces);
    const size_t length = strlen(text);
    const uint64_t padded = dni_align_up(LENGTH_BYTES + length) - LENGTH_BYTES;
    dn_status status = dni_sink_put(to, &padded, LENGTH_BYTES, error);
    if (!status) status = dni_sink_put(to, text, length, error);
    if (!status) status = dni_sink_put(to, spaces, (size_t)padded - length, error);
    return status;
}

/* Who gives the bytes of tensors without data. */
typedef struct source {
    dni_tensor_producer *produce;
    void *context;
} source;

/* Passes on what is produced, and counts it. */
typedef struct counter {
    const dni_sink *to;
    size_t size;
} counter;

static dn_status put_counted(void *context, const void *bytes, size_t size, dn_error *error) {
    counter *self = context;
    self->size += size;
    return dni_sink_put(self->to, bytes, size, error);
}

static dn_status put_produced(const dni_sink *to, const dni_named_tensor *named, const source *from,
                              const char *path, dn_error *error) {
    counter counted = {.to = to};
    const dni_sink through = {.put = put_counted, .context = &counted};
    const dn_status status = from->produce(from->context, named, &through, error);
    if (status || counted.size == tensor_bytes(&named->tensor)) return status;
    return dni_fail(error, DN_ERR_ARGUMENT, "%s: tensor '%s' has %zu bytes, but %zu were given", path,
                    named->name, tensor_bytes(&named->tensor), counted.size);
}

static dn_status put_all(const dni_sink *to, const content *described, const source *from, const char *path,
                         dn_error *error) {
    dn_status status = put_header(to, described->header, error);
    for (size_t i = 0; i < described->count && !status; i++) {
        const dni_named_tensor *named = described->tensors[i];
        if (from && !named->tensor.data)
            status = put_produced(to, named, from, path, error);
        else
            status = dni_sink_put(to, named->tensor.data, tensor_bytes(&named->tensor), error);
    }
    return status;
}

static dn_status write_file(const content *described, const source *from, const char *path, dn_error *error) {
    dni_file_writer *writer;
    dn_status status = dni_file_writer_open(&writer, path, error);
    if (status) return status;
    status = put_all(&(dni_sink){.put = put_into_file, .context = writer}, described, from, path, error);
    if (!status) return dni_file_writer_commit(writer, error);
    dni_file_writer_abandon(writer);
    return status;
}

static dn_status write_dict(const dni_tensor_dict *dict, const source *from, const char *path,
                            dn_error *error) {
    content described;
    dn_status status = describe(&described, dict, path, error);
    if (!status) status = write_file(&described, from, path, error);
    free_description(&described);
    return status;
}

dn_status dni_safetensors_write(const dni_tensor_dict *dict, const char *path, dn_error *error) {
    return write_dict(dict, NULL, path, error);
}

dn_status dni_safetensors_write_pieces(const dni_tensor_dict *dict, const char *path,
                                       dni_tensor_producer *produce, void *context, dn_error *error) {
    return write_dict(dict, &(source){.produce = produce, .context = context}, path, error);
}

dn_status dni_safetensors_write_memory(const dni_tensor_dict *dict, const char *name,
                                       const dn_allocator *allocator, void **bytes, size_t *size,
                                       dn_error *error) {
    content described;
    *bytes = NULL;
    *size = 0;
    dn_status status = describe(&described, dict, name, error);
    void *memory = status ? NULL : dni_allocate(allocator, described.size);
    if (!status && !memory) status = dni_no_memory(error, "%s: %zu bytes", name, described.size);
    unsigned char *place = memory;
    if (!status)
        status =
            put_all(&(dni_sink){.put = put_into_memory, .context = &place}, &described, NULL, name, error);
    if (!status) {
        *bytes = memory;
        *size = described.size;
    }
    free_description(&described);
    return status;
}
