/* .pth as torch wrote it before 1.6: five pickles in a row (a magic number, the protocol's version, facts
 * about the system, the object, the list of storage keys), then, in that list's order, each storage: an int64
 * count of elements and the elements.
 *
 * Storages start at any byte. Those that are not aligned to their element size, which most are not, are
 * copied when a tensor needs them; the others are used where they lie in the mapped file. */
#include "weights/pth.h"

#include "core/error.h"
#include "core/memory.h"
#include "weights/state_dict.h"

#include <stdlib.h>
#include <string.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "storages are used as they lie in the file");

/* 0x1950a86a20f9469cfc6c as LONG1 has it: the length, then little-endian bytes. */
static const unsigned char magic[] = {0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19};

enum { PROTOCOL_VERSION = 1001, COUNT_BYTES = 8, FRAME_BYTES = 9 };

typedef struct legacy {
    const char *path;
    const dni_mapping *file;
    size_t position;
    dni_pickle *object, *keys;
} legacy;

/* A pickle that opens with the magic number, right behind PROTO or, from protocol 4 on, a FRAME as well. */
bool dni_pth_is_legacy(const dni_mapping *file) {
    if (file->size < 2 + sizeof magic || file->data[0] != 0x80) return false;
    if (memcmp(file->data + 2, magic, sizeof magic) == 0) return true;
    return file->size >= 2 + FRAME_BYTES + sizeof magic &&
           memcmp(file->data + 2 + FRAME_BYTES, magic, sizeof magic) == 0;
}

static dn_status read_one(legacy *l, dni_pickle **out, dn_error *error) {
    return dni_pickle_read(out, l->file->data, l->file->size, &l->position, l->path, error);
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
    memcpy(&count, l->file->data + l->position, COUNT_BYTES);
    l->position += COUNT_BYTES;
    if (count != root->count)
        return dni_fail(error, DN_ERR_CORRUPT, "%s: storage '%s' has %lld elements, not %lld", l->path, key,
                        (long long)count, (long long)root->count);
    if (root->raw) return dni_fail(error, DN_ERR_CORRUPT, "%s: storage '%s' comes twice", l->path, key);
    size_t bytes;
    if (!dni_size_mul((size_t)count, dni_dtype_size(root->dtype), &bytes) ||
        bytes > l->file->size - l->position)
        return dni_fail(error, DN_ERR_TRUNCATED, "%s: ends inside storage '%s' of %lld elements", l->path,
                        key, (long long)count);
    root->raw = l->file->data + l->position;
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
    const size_t element = dni_dtype_size(storage->dtype), size = (size_t)storage->count * element;
    if (!storage->raw)
        return dni_fail(error, DN_ERR_CORRUPT, "%s: storage '%s' is not in the file", l->path, storage->key);
    if ((uintptr_t)storage->raw % element == 0) {
        storage->data = storage->raw;
        return DN_OK;
    }
    void *copy = dni_allocate(NULL, size);
    if (!copy) return dni_no_memory(error, "%s", l->path);
    const dn_status status = dni_tensor_dict_adopt(dict, free, copy, error);
    if (status) {
        free(copy);
        return status;
    }
    memcpy(copy, storage->raw, size);
    dni_drop_pages(storage->raw, size);
    storage->data = copy;
    return DN_OK;
}

static void release_mapping(void *context) {
    dni_file_unmap(context);
    free(context);
}

static dn_status read_into(dni_tensor_dict *dict, const char *path, dn_error *error) {
    dni_mapping *file = malloc(sizeof *file);
    if (!file) return dni_no_memory(error, "%s", path);
    dn_status status = dni_file_map(file, path, error);
    if (!status) status = dni_tensor_dict_adopt(dict, release_mapping, file, error);
    if (status) {
        release_mapping(file);
        return status;
    }
    if (!dni_pth_is_legacy(file))
        return dni_fail(error, DN_ERR_FORMAT, "%s: does not begin with torch's magic number", path);
    legacy l = {.path = path, .file = file};
    status = read_pickles(&l, error);
    if (!status) status = place_storages(&l, error);
    if (!status) status = dni_state_dict_read(dict, l.object->root, load_storage, &l, path, error);
    dni_pickle_free(l.object);
    dni_pickle_free(l.keys);
    return status;
}

dn_status dni_pth_legacy_read(dni_tensor_dict **out, const char *path, dn_error *error) {
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
