/* safetensors, read and written; the header's JSON is jansson's work.
 *
 * Reading: every header entry becomes a `record`; sorted by offset, the records must tile the data exactly.
 * The format promises no alignment. A tensor that is not aligned to its element size is copied into memory of
 * the dictionary's own, so that callers may use its data as an array of its type. */
#include "io/safetensors.h"

#include "core/error.h"
#include "core/memory.h"
#include "io/file.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "safetensors data is used as it lies in the file");

enum { LENGTH_BYTES = 8, HEADER_LIMIT = 100000000 };

static const char metadata_key[] = "__metadata__";

typedef struct record {
    const char *name;    /* the JSON object's */
    dni_tensor tensor;   /* its data is set last */
    uint64_t begin, end; /* in the data section */
} record;

typedef struct reader {
    const char *path;
    dn_error *error;
    const unsigned char *data; /* the data section */
    uint64_t data_size;
    dni_tensor_dict *dict;
    record *records;
    size_t count;
} reader;

/* Finds the header's extent; on success file->data + LENGTH_BYTES begins it. */
static dn_status check_header(const dni_mapping *file, const char *path, uint64_t *length, dn_error *error) {
    if (file->size < LENGTH_BYTES + 2)
        return dni_fail(error, DN_ERR_TRUNCATED, "%s: %zu bytes are too few for a safetensors file", path,
                        file->size);
    memcpy(length, file->data, LENGTH_BYTES);
    if (file->data[LENGTH_BYTES] != '{')
        return dni_fail(error, DN_ERR_FORMAT,
                        "%s: is no safetensors file: its header does not begin with '{'", path);
    if (*length > HEADER_LIMIT)
        return dni_fail(error, DN_ERR_CORRUPT,
                        "%s: a header of %" PRIu64 " bytes is above the format's limit of %d", path, *length,
                        HEADER_LIMIT);
    if (*length > file->size - LENGTH_BYTES)
        return dni_fail(error, DN_ERR_TRUNCATED,
                        "%s: ends inside its header, which should be %" PRIu64 " bytes long", path, *length);
    return DN_OK;
}

static dn_status read_metadata(reader *r, json_t *metadata) {
    if (!json_is_object(metadata))
        return dni_fail(r->error, DN_ERR_CORRUPT, "%s: %s is not an object", r->path, metadata_key);
    const char *key;
    json_t *value;
    json_object_foreach(metadata, key, value) {
        if (!json_is_string(value))
            return dni_fail(r->error, DN_ERR_CORRUPT, "%s: %s entry '%s' is not a string", r->path,
                            metadata_key, key);
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

static dn_status read_records(reader *r, json_t *header) {
    r->records = calloc(json_object_size(header) + 1, sizeof *r->records);
    if (!r->records) return dni_no_memory(r->error, "%s", r->path);
    const char *key;
    json_t *entry;
    json_object_foreach(header, key, entry) {
        dn_status status = DN_OK;
        if (strcmp(key, metadata_key) == 0) {
            status = read_metadata(r, entry);
        } else {
            r->records[r->count].name = key;
            status = read_record(r, &r->records[r->count++], entry);
        }
        if (status) return status;
    }
    return DN_OK;
}

static int by_offset(const void *a, const void *b) {
    const record *x = a, *y = b;
    if (x->begin != y->begin) return x->begin < y->begin ? -1 : 1;
    if (x->end != y->end) return x->end < y->end ? -1 : 1;
    return strcmp(x->name, y->name);
}

/* The tensors, in order of offset, must cover the data once and whole. */
static dn_status check_tiling(reader *r) {
    qsort(r->records, r->count, sizeof *r->records, by_offset);
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

static dn_status add_tensor(reader *r, const record *source) {
    const unsigned char *bytes = r->data + source->begin;
    dni_tensor tensor = source->tensor;
    if ((uintptr_t)bytes % dni_dtype_size(tensor.dtype) == 0) {
        tensor.data = (void *)(uintptr_t)bytes; /* a view: nobody writes through it */
        tensor.mapped = true;
        return dni_tensor_dict_add(r->dict, source->name, tensor, r->error);
    }
    void *copy = NULL;
    const dn_status status = dni_tensor_dict_allocate(r->dict, source->name, tensor.dtype, tensor.rank,
                                                      tensor.shape, &copy, r->error);
    if (status) return status;
    const size_t size = (size_t)(source->end - source->begin);
    memcpy(copy, bytes, size);
    dni_drop_pages(bytes, size);
    return DN_OK;
}

static dn_status read_header(reader *r, const char *text, size_t length) {
    json_error_t problem;
    json_t *header = json_loadb(text, length, JSON_REJECT_DUPLICATES, &problem);
    if (!header)
        return dni_fail(r->error, DN_ERR_CORRUPT, "%s: header, byte %d: %s", r->path, problem.position,
                        problem.text);
    dn_status status = read_records(r, header);
    if (!status) status = check_tiling(r);
    for (size_t i = 0; i < r->count && !status; i++) status = add_tensor(r, &r->records[i]);
    free(r->records);
    json_decref(header);
    return status;
}

static void release_mapping(void *context) {
    dni_file_unmap(context);
    free(context);
}

/* Maps the file and gives the mapping to the dictionary. */
static dn_status adopt_file(dni_tensor_dict *dict, const char *path, const dni_mapping **out,
                            dn_error *error) {
    dni_mapping *file = malloc(sizeof *file);
    if (!file) return dni_no_memory(error, "%s", path);
    dn_status status = dni_file_map(file, path, error);
    if (!status) status = dni_tensor_dict_adopt(dict, release_mapping, file, error);
    if (status) {
        release_mapping(file);
        return status;
    }
    *out = file;
    return DN_OK;
}

static dn_status read_into(dni_tensor_dict *dict, const char *path, dn_error *error) {
    const dni_mapping *file = NULL;
    uint64_t length = 0;
    dn_status status = adopt_file(dict, path, &file, error);
    if (!status) status = check_header(file, path, &length, error);
    if (status) return status;
    reader r = {.path = path,
                .error = error,
                .data = file->data + LENGTH_BYTES + length,
                .data_size = file->size - LENGTH_BYTES - length,
                .dict = dict};
    return read_header(&r, (const char *)file->data + LENGTH_BYTES, (size_t)length);
}

dn_status dni_safetensors_read(dni_tensor_dict **out, const char *path, dn_error *error) {
    *out = NULL;
    dni_tensor_dict *dict = dni_tensor_dict_create();
    if (!dict) return dni_no_memory(error, "%s", path);
    const dn_status status = read_into(dict, path, error);
    if (status)
        dni_tensor_dict_free(dict);
    else
        *out = dict;
    return status;
}

static size_t tensor_bytes(const dni_tensor *tensor) {
    return (size_t)dni_tensor_count(tensor) * dni_dtype_size(tensor->dtype);
}

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
    if (strcmp(named->name, metadata_key) == 0)
        return dni_fail(error, DN_ERR_ARGUMENT, "%s: no tensor can be named '%s'", path, metadata_key);
    return DN_OK;
}

static int by_key(const void *a, const void *b) {
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Adds the metadata, by key, to the JSON header; -1, as jansson has it, when a text is not UTF-8 or memory
 * runs out. */
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
    if (!failed) return json_object_set_new(header, metadata_key, metadata);
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
    json_t *entry = json_pack("{s:s, s:o, s:[I, I]}", "dtype", dni_dtype_name(tensor->dtype), "shape", shape,
                              "data_offsets", (json_int_t)begin, (json_int_t)(begin + tensor_bytes(tensor)));
    return json_object_set_new(header, named->name, entry);
}

/* The header's text, from malloc. */
static dn_status make_header(char **out, const dni_tensor_dict *dict, const dni_named_tensor *const *tensors,
                             const char *path, dn_error *error) {
    json_t *header = json_object();
    int failed = put_metadata(header, dict);
    uint64_t begin = 0;
    for (size_t i = 0; i < dni_tensor_dict_count(dict) && !failed; i++) {
        failed = put_tensor(header, tensors[i], begin);
        begin += tensor_bytes(&tensors[i]->tensor);
    }
    *out = failed ? NULL : json_dumps(header, JSON_COMPACT);
    json_decref(header);
    return *out ? DN_OK
                : dni_fail(error, DN_ERR_ARGUMENT,
                           "%s: a name or metadata text is not UTF-8, or memory ran out", path);
}

static dn_status write_header(dni_file_writer *writer, const char *text, dn_error *error) {
    char spaces[DNI_ALIGNMENT];
    memset(spaces, ' ', sizeof spaces);
    const size_t length = strlen(text);
    const uint64_t padded = dni_align_up(LENGTH_BYTES + length) - LENGTH_BYTES;
    dn_status status = dni_file_write(writer, &padded, LENGTH_BYTES, error);
    if (!status) status = dni_file_write(writer, text, length, error);
    if (!status) status = dni_file_write(writer, spaces, (size_t)padded - length, error);
    return status;
}

static dn_status write_file(const char *header, const dni_named_tensor *const *tensors, size_t count,
                            const char *path, dn_error *error) {
    if (strlen(header) > HEADER_LIMIT - DNI_ALIGNMENT)
        return dni_fail(error, DN_ERR_ARGUMENT, "%s: a header of %zu bytes is above the format's limit of %d",
                        path, strlen(header), HEADER_LIMIT);
    dni_file_writer *writer = NULL;
    dn_status status = dni_file_writer_open(&writer, path, error);
    if (status) return status;
    status = write_header(writer, header, error);
    for (size_t i = 0; i < count && !status; i++)
        status = dni_file_write(writer, tensors[i]->tensor.data, tensor_bytes(&tensors[i]->tensor), error);
    if (!status) return dni_file_writer_commit(writer, error);
    dni_file_writer_abandon(writer);
    return status;
}

dn_status dni_safetensors_write(const dni_tensor_dict *dict, const char *path, dn_error *error) {
    const size_t count = dni_tensor_dict_count(dict);
    const dni_named_tensor **tensors = sorted_tensors(dict);
    if (!tensors) return dni_no_memory(error, "%s", path);
    dn_status status = DN_OK;
    for (size_t i = 0; i < count && !status; i++) status = check_writable(tensors[i], path, error);
    char *header = NULL;
    if (!status) status = make_header(&header, dict, tensors, path, error);
    if (!status) status = write_file(header, tensors, count, path, error);
    free(header);
    free(tensors);
    return status;
}
