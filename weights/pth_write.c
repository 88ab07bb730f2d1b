/* SPDX-License-Identifier: MIT */
/* .pth, written: what torch.save() of a state dict gives since 1.6, so that torch.load() reads it, also with
 * weights_only=True.
 *
 * A zip archive of stored entries, archive/data.pkl, archive/byteorder, one archive/data/<key> a tensor, and
 * archive/version. As torch does it, each entry's bytes begin at a multiple of 64 in the file: an extra field
 * 'FB' in its header takes the padding. The pickle is a collections.OrderedDict of name ->
 * torch._utils._rebuild_tensor_v2(storage, offset, shape, strides, requires_grad, hooks). */
#include "weights/pth.h"

#include "core/error.h"
#include "core/memory.h"
#include "io/json.h"
#include "weights/pth_sink.h"
#include "weights/zip_archive.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "storages are written as they lie in memory");

enum { ENTRY_ALIGNMENT = 64, LOCAL_HEADER = 30, EXTRA_HEADER = 4, EXTRA_ID = 'F' | 'B' << 8 };

/* ---- the pickle ---- */

typedef struct pickle_text {
    unsigned char *bytes;
    size_t used, capacity;
    bool failed; /* out of memory */
} pickle_text;

static void put(pickle_text *out, const void *bytes, size_t size) {
    if (out->failed) return;
    if (size > out->capacity - out->used) {
        const size_t capacity = 2 * (out->used + size) + 4096;
        unsigned char *grown = realloc(out->bytes, capacity);
        if (!grown) {
            out->failed = true;
            return;
        }
        out->bytes = grown;
        out->capacity = capacity;
    }
    memcpy(out->bytes + out->used, bytes, size);
    out->used += size;
}

/* An opcode with what follows it, as text. */
static void put_text(pickle_text *out, const char *text) {
    put(out, text, strlen(text));
}

/* BINUNICODE */
static void put_string(pickle_text *out, const char *text) {
    const uint32_t size = (uint32_t)strlen(text);
    put(out, "X", 1);
    put(out, &size, sizeof size);
    put(out, text, size);
}

/* BININT where it fits, else LONG1. */
static void put_number(pickle_text *out, int64_t value) {
    const int32_t small = (int32_t)value;
    if (small == value) {
        put(out, "J", 1);
        put(out, &small, sizeof small);
    } else {
        put(out, "\x8a\x08", 2);
        put(out, &value, sizeof value);
    }
}

static void put_tuple(pickle_text *out, const int64_t *values, int count) {
    put(out, "(", 1);
    for (int i = 0; i < count; i++) put_number(out, values[i]);
    put(out, "t", 1);
}

static const char *storage_class(dni_dtype dtype) {
    static const char *const names[] = {
        [DNI_F32] = "Float", [DNI_F64] = "Double", [DNI_F16] = "Half",  [DNI_BF16] = "BFloat16",
        [DNI_I64] = "Long",  [DNI_I32] = "Int",    [DNI_I16] = "Short", [DNI_I8] = "Char",
        [DNI_U8] = "Byte",   [DNI_BOOL] = "Bool"};
    return names[dtype];
}

/* Name and value: the storage is named by a persistent id, ('storage', class, key, 'cpu', elements). */
static void put_tensor(pickle_text *out, const dni_named_tensor *named, size_t key) {
    char text[64];
    put_string(out, named->name);
    put_text(out, "ctorch._utils\n_rebuild_tensor_v2\n((");
    put_string(out, "storage");
    snprintf(text, sizeof text, "ctorch\n%sStorage\n", storage_class(named->tensor.dtype));
    put_text(out, text);
    snprintf(text, sizeof text, "%zu", key);
    put_string(out, text);
    put_string(out, "cpu");
    put_number(out, dni_tensor_count(&named->tensor));
    put_text(out, "tQ");
    put_number(out, 0);
    put_tuple(out, named->tensor.shape, named->tensor.rank);
    put_tuple(out, named->tensor.stride, named->tensor.rank);
    put_text(out,
             "\x89"
             "ccollections\nOrderedDict\n)RtR");
}

/* Protocol 2, an OrderedDict, its items, the end. */
static void put_dict(pickle_text *out, const dni_tensor_dict *dict) {
    put_text(out,
             "\x80\x02"
             "ccollections\nOrderedDict\n)R(");
    for (size_t i = 0; i < dni_tensor_dict_count(dict); i++) put_tensor(out, dni_tensor_dict_at(dict, i), i);
    put_text(out, "u.");
}

/* ---- the archive ---- */

typedef struct archive {
    zip_t *zip;
    dni_pth_sink *sink;
    const char *path;
    uint64_t size; /* of all entries so far, with their headers */
} archive;

static dn_status zip_failure(const archive *a, zip_error_t *problem, dn_error *error) {
    const dn_status status = a->sink ? dni_pth_sink_status(a->sink, error) : DN_OK;
    if (status) return dni_fail_in(error, status, a->path);
    if (dni_zip_lacked_memory(problem)) return dni_no_memory(error, "%s", a->path);
    return dni_fail(error, DN_ERR_IO, "%s: cannot be written as a zip archive: %s", a->path,
                    zip_error_strerror(problem));
}

/* Gives entry `index` the extra field behind which its bytes are aligned. */
static int align(archive *a, zip_uint64_t index, size_t name_length) {
    unsigned char padding[ENTRY_ALIGNMENT];
    memset(padding, 'Z', sizeof padding);
    const uint64_t begin = a->size + LOCAL_HEADER + name_length + EXTRA_HEADER;
    const size_t missing = (size_t)(-begin % ENTRY_ALIGNMENT);
    a->size = begin + missing;
    return zip_file_extra_field_set(a->zip, index, EXTRA_ID, ZIP_EXTRA_FIELD_NEW, padding,
                                    (zip_uint16_t)missing, ZIP_FL_LOCAL);
}

/* The bytes must live until the archive is closed. Every entry is of 1 January 1980, zip's first day, so that
 * equal content gives equal bytes. */
static dn_status add_entry(archive *a, const char *name, const void *bytes, size_t size, dn_error *error) {
    zip_source_t *source = zip_source_buffer(a->zip, bytes, size, 0);
    const zip_int64_t index = source ? zip_file_add(a->zip, name, source, ZIP_FL_ENC_UTF_8) : -1;
    if (index < 0) {
        zip_source_free(source);
        return zip_failure(a, zip_get_error(a->zip), error);
    }
    if (zip_set_file_compression(a->zip, (zip_uint64_t)index, ZIP_CM_STORE, 0) != 0 ||
        zip_file_set_dostime(a->zip, (zip_uint64_t)index, 0, 1 << 5 | 1, 0) != 0 ||
        align(a, (zip_uint64_t)index, strlen(name)) != 0)
        return zip_failure(a, zip_get_error(a->zip), error);
    a->size += size;
    return DN_OK;
}

static dn_status add_entries(archive *a, const dni_tensor_dict *dict, const pickle_text *pickle,
                             dn_error *error) {
    static const char order[] = "little", version[] = "3\n";
    dn_status status = add_entry(a, "archive/data.pkl", pickle->bytes, pickle->used, error);
    if (!status) status = add_entry(a, "archive/byteorder", order, sizeof order - 1, error);
    for (size_t i = 0; !status && i < dni_tensor_dict_count(dict); i++) {
        const dni_tensor *tensor = &dni_tensor_dict_at(dict, i)->tensor;
        char name[40];
        snprintf(name, sizeof name, "archive/data/%zu", i);
        status = add_entry(a, name, tensor->data,
                           (size_t)dni_tensor_count(tensor) * dni_dtype_size(tensor->dtype), error);
    }
    if (!status) status = add_entry(a, "archive/version", version, sizeof version - 1, error);
    return status;
}

static dn_status open_archive(archive *a, dn_error *error) {
    dn_status status = dni_pth_sink_open(&a->sink, a->path, error);
    if (status) return status;
    zip_error_t problem;
    zip_error_init(&problem);
    errno = 0;
    zip_source_t *source = dni_pth_sink_source(a->sink, &problem);
    a->zip = source ? zip_open_from_source(source, ZIP_CREATE | ZIP_TRUNCATE, &problem) : NULL;
    if (!a->zip) {
        zip_source_free(source);
        status = zip_failure(a, &problem, error);
    }
    zip_error_fini(&problem);
    return status;
}

/* Everything is written by zip_close(). */
static dn_status write_archive(archive *a, const dni_tensor_dict *dict, const pickle_text *pickle,
                               dn_error *error) {
    dn_status status = open_archive(a, error);
    if (!status) status = add_entries(a, dict, pickle, error);
    if (!status && zip_close(a->zip) == 0)
        a->zip = NULL;
    else if (!status)
        status = zip_failure(a, zip_get_error(a->zip), error);
    if (a->zip) zip_discard(a->zip);
    if (!a->sink) return status;
    const dn_status closed = dni_pth_sink_close(a->sink, !status, error);
    return status ? status : closed;
}

static dn_status check_content(const dni_tensor_dict *dict, const char *path, dn_error *error) {
    for (size_t i = 0; i < dni_tensor_dict_count(dict); i++) {
        const dni_named_tensor *named = dni_tensor_dict_at(dict, i);
        if (!dni_tensor_is_dense(&named->tensor))
            return dni_fail(error, DN_ERR_ARGUMENT, "%s: tensor '%s' is not dense and cannot be written",
                            path, named->name);
        if (!dni_is_utf8(named->name))
            return dni_fail(error, DN_ERR_ARGUMENT, "%s: tensor name '%s' is not UTF-8 text", path,
                            named->name);
    }
    return DN_OK;
}

dn_status dni_pth_zip_write(const dni_tensor_dict *dict, const char *path, dn_error *error) {
    dn_status status = check_content(dict, path, error);
    if (status) return status;
    pickle_text pickle = {.bytes = NULL};
    put_dict(&pickle, dict);
    archive a = {.path = path};
    status = pickle.failed ? dni_no_memory(error, "%s", path) : write_archive(&a, dict, &pickle, error);
    free(pickle.bytes);
    return status;
}
