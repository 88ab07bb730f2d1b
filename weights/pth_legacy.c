/* SPDX-License-Identifier: MIT */
/* .pth as torch wrote it before 1.6: five pickles in a row (a magic number, the protocol's version, facts
 * about the system, the object, the list of storage keys), then, in that list's order, each storage: an
 * int64 count of elements and the elements.
 *
 * Only the pickles, which come first, are read into memory as they are; a storage is read when a tensor
 * needs it, into memory that is aligned to its element size, as its place in the file mostly is not. */
#include "weights/pth.h"

#include "core/error.h"
#include "core/memory.h"
#include "weights/state_dict.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "storages are used as they lie in the file");

/* 0x1950a86a20f9469cfc6c as LONG1 has it: the length, then little-endian bytes. */
static const unsigned char magic[] = {0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19};

enum { PROTOCOL_VERSION = 1001, COUNT_BYTES = 8, FRAME_BYTES = 9 };

/* What is read of the file to find the pickles in; more, up to a limit far above any state dict's, while
 * they go on. */
enum { FIRST_READ = 1 << 18, PICKLES_LIMIT = 1 << 26 };

typedef struct legacy {
    const char *path;
    const dni_file *file;
    unsigned char *bytes; /* the file's first ones */
    size_t size;          /* of bytes */
    uint64_t position;    /* in the file, behind what was understood */
    dni_pickle *object, *keys;
    dni_allowance allowance;
} legacy;

/* A pickle that opens with the magic number, right behind PROTO or, from protocol 4 on, a FRAME as well. */
bool dni_pth_is_legacy(const unsigned char *first_bytes, size_t size) {
    if (size < 2 + sizeof magic || first_bytes[0] != 0x80) return 0;
    if (memcmp(first_bytes + 2, magic, sizeof magic) == 0) return 1;
    return size >= 2 + FRAME_BYTES + sizeof magic &&
           memcmp(first_bytes + 2 + FRAME_BYTES, magic, sizeof magic) == 0;
}

static dn_status read_one(legacy *l, dni_pickle **out, dn_error *error) {
    size_t position = (size_t)l->position;
    const dn_status status = dni_pickle_read(out, l->bytes, l->size, &position, &l->allowance, error);
    l->position = position;
    return status;
}

static dn_status check_version(legacy *l, const dni_pickle_value *version, dn_error *error) {
    if (version->kind != DNI_PICKLE_INT)
        return dni_fail(error, DN_ERR_CORRUPT, "%s: its protocol version is no number", l->path);
    if (version->as.integer != PROTOCOL_VERSION)
        return dni_fail(error, DN_ERR_UNSUPPORTED, "%s: its protocol version is %lld, not %d", l->path,
                        (long long)version->as.integer, PROTOCOL_VERSION);
    return DN_OK;
}

static dn_status check_system(legacy *l, const dni_pickle_value *system, dn_error *error) {
    const dni_pickle_value *little = dni_pickle_get(system, "little_endian");
    if (little && little->kind == DNI_PICKLE_BOOL && !little->as.integer)
        return dni_fail(error, DN_ERR_UNSUPPORTED, "%s: written on a big-endian machine", l->path);
    return DN_OK;
}

/* Reads all five; object and keys are kept. */
static dn_status read_pickles(legacy *l, dn_error *error) {
    dni_pickle *pickle = NULL;
    dn_status status = read_one(l, &pickle, error); /* the magic number, known to be there */
    dni_pickle_free(pickle);
    if (status) return status;
    status = read_one(l, &pickle, error);
    if (!status) status = check_version(l, pickle->root, error);
    dni_pickle_free(pickle);
    if (status) return status;
    status = read_one(l, &pickle, error);
    if (!status) status = check_system(l, pickle->root, error);
    dni_pickle_free(pickle);
    if (!status) status = read_one(l, &l->object, error);
    if (!status) status = read_one(l, &l->keys, error);
    return status;
}

static int by_key(const void *key, const void *element) {
    return strcmp(key, (*(dni_pickle_storage *const *)element)->key);
}

/* Takes the storage that lies at l->position. */
static dn_status place(legacy *l, const char *key, dn_error *error) {
    dni_pickle_storage **found =
        bsearch(key, l->object->storages, l->object->storage_count, sizeof *l->object->storages, by_key);
    if (!found) return dni_fail(error, DN_ERR_CORRUPT, "%s: storage '%s' belongs to no tensor", l->path, key);
    dni_pickle_storage *root = (*found)->root;
    int64_t count;
    if (l->file->size - l->position < COUNT_BYTES)
        return dni_fail(error, DN_ERR_TRUNCATED, "%s: ends before storage '%s'", l->path, key);
    const dn_status status = dni_file_read_at(l->file, &count, COUNT_BYTES, l->position, error);
    if (status) return status;
    l->position += COUNT_BYTES;
    if (count != root->count)
        return dni_fail(error, DN_ERR_CORRUPT, "%s: storage '%s' has %lld elements, not %lld", l->path, key,
                        (long long)count, (long long)root->count);
    if (root->file_offset)
        return dni_fail(error, DN_ERR_CORRUPT, "%s: storage '%s' comes twice", l->path, key);
    size_t bytes;
    if (!dni_size_mul((size_t)count, dni_dtype_size(root->dtype), &bytes) ||
        bytes > l->file->size - l->position)
        return dni_fail(error, DN_ERR_TRUNCATED, "%s: ends inside storage '%s' of %lld elements", l->path,
                        key, (long long)count);
    root->file_offset = l->position;
    l->position += bytes;
    return DN_OK;
}

static dn_status place_storages(legacy *l, dn_error *error) {
    const dni_pickle_value *keys = l->keys->root;
    if (keys->kind != DNI_PICKLE_LIST)
        return dni_fail(error, DN_ERR_CORRUPT, "%s: its storage keys are no list", l->path);
    dn_status status = DN_OK;
    for (size_t i = 0; i < keys->as.list.count && !status; i++) {
        const dni_pickle_value *key = keys->as.list.items[i];
        status = key->kind == DNI_PICKLE_STRING
                     ? place(l, key->as.string.text, error)
                     : dni_fail(error, DN_ERR_CORRUPT, "%s: a storage key is no string", l->path);
    }
    return status;
}

static dn_status load_storage(void *context, dni_tensor_dict *dict, dni_pickle_storage *storage,
                              dn_error *error) {
    const legacy *l = context;
    const size_t size = (size_t)storage->count * dni_dtype_size(storage->dtype);
    if (!storage->file_offset)
        return dni_fail(error, DN_ERR_CORRUPT, "%s: storage '%s' is not in the file", l->path, storage->key);
    storage->data = dni_file_view(l->file, size, storage->file_offset, dni_dtype_size(storage->dtype));
    if (storage->data) return DN_OK;
    void *data;
    const dn_status status = dni_tensor_dict_new_memory(dict, size, l->path, &data, error);
    storage->data = data;
    return status ? status : dni_file_read_at(l->file, data, size, storage->file_offset, error);
}

/* Reads the file's first `size` bytes and the pickles in them. */
static dn_status try_pickles(legacy *l, size_t size, dn_error *error) {
    unsigned char *bytes = realloc(l->bytes, size);
    if (!bytes) return dni_no_memory(error, "%s", l->path);
    l->bytes = bytes;
    l->size = size;
    l->position = 0;
    dni_pickle_free(l->object);
    dni_pickle_free(l->keys);
    l->object = l->keys = NULL;
    l->allowance = dni_allowance_of(l->file->size, l->path);
    dn_status status = dni_allowance_take(&l->allowance, size, error);
    if (!status) status = dni_file_read_at(l->file, bytes, size, 0, error);
    if (status) return status;
    if (!dni_pth_is_legacy(bytes, size))
        return dni_fail(error, DN_ERR_FORMAT, "%s: does not begin with torch's magic number", l->path);
    return read_pickles(l, error);
}

static dn_status find_pickles(legacy *l, dn_error *error) {
    for (size_t size = FIRST_READ;; size *= 4) {
        const bool is_all = l->file->size <= size;
        const dn_status status = try_pickles(l, is_all ? (size_t)l->file->size : size, error);
        if (status != DN_ERR_TRUNCATED || is_all) return status;
        if (size == PICKLES_LIMIT)
            return dni_fail(error, DN_ERR_CORRUPT, "%s: pickles of more than %d bytes", l->path,
                            PICKLES_LIMIT);
    }
}

static dn_status read_into(dni_tensor_dict *dict, const dni_file *file, dn_error *error) {
    legacy l = {.path = file->path, .file = file};
    dn_status status =
        file->size ? find_pickles(&l, error) : dni_fail(error, DN_ERR_TRUNCATED, "%s: is empty", l.path);
    if (!status) status = place_storages(&l, error);
    if (!status) status = dni_state_dict_read(dict, l.object->root, load_storage, &l, &l.allowance, error);
    dni_pickle_free(l.object);
    dni_pickle_free(l.keys);
    free(l.bytes);
    return status;
}

dn_status dni_pth_legacy_read(dni_tensor_dict **out, const dni_file *file, const dn_allocator *allocator,
                              dn_error *error) {
    *out = NULL;
    dni_tensor_dict *dict = dni_tensor_dict_create_in(allocator);
    if (!dict) return dni_no_memory(error, "%s", file->path);
    const dn_status status = read_into(dict, file, error);
    if (status)
        dni_tensor_dict_free(dict);
    else
        *out = dict;
    return status;
}
