/* SPDX-License-Identifier: MIT */
/* .pth as torch writes it since 1.6: a zip archive of <stem>/data.pkl and <stem>/data/<key>, one a storage.
 * A storage's record must be as long as the pickle says. */
#include "weights/pth.h"

#include "core/error.h"
#include "core/memory.h"
#include "weights/state_dict.h"
#include "weights/zip_archive.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "storages are used as they lie in the file");

enum { KEY_LIMIT = 50, PICKLE_LIMIT = 1 << 26 };

/* At least what libzip keeps of a record of the archive, its name aside. */
enum { ENTRY_BYTES = 384 };

static const char pickle_name[] = "/data.pkl";

typedef struct archive {
    dni_zip_archive zip;
    const char *path;
    char *stem; /* the folder inside the archive */
    dni_allowance allowance;
} archive;

/* Finds the one <stem>/data.pkl. */
static dn_status find_stem(archive *a, dn_error *error) {
    const zip_int64_t count = zip_get_num_entries(a->zip.zip, 0);
    for (zip_int64_t i = 0; i < count; i++) {
        const char *name;
        const dn_status status = dni_zip_archive_name(&a->zip, i, &name, error);
        if (status) return status;
        const char *slash = name ? strchr(name, '/') : NULL;
        if (!slash || strcmp(slash, pickle_name) != 0) continue;
        if (a->stem)
            return dni_fail(error, DN_ERR_CORRUPT, "%s: holds two pickles, in '%s' and in '%.*s'", a->path,
                            a->stem, (int)(slash - name), name);
        a->stem = strndup(name, (size_t)(slash - name));
        if (!a->stem) return dni_no_memory(error, "%s", a->path);
    }
    if (!a->stem)
        return dni_fail(error, DN_ERR_FORMAT, "%s: a zip archive, but not torch's: it has no data.pkl",
                        a->path);
    return DN_OK;
}

/* "<stem><name>" from malloc; NULL, with *error, out of memory. */
static char *full_name(const archive *a, const char *name, dn_error *error) {
    const size_t size = strlen(a->stem) + strlen(name) + 1;
    char *full = malloc(size);
    if (full)
        snprintf(full, size, "%s%s", a->stem, name);
    else
        (void)dni_no_memory(error, "%s", a->path);
    return full;
}

/* The index of <stem><name>, or -1. */
static dn_status locate(const archive *a, const char *name, zip_int64_t *out, dn_error *error) {
    char *full = full_name(a, name, error);
    if (!full) return DN_ERR_MEMORY;
    const dn_status status = dni_zip_archive_find(&a->zip, full, out, error);
    free(full);
    return status;
}

static dn_status record_size(archive *a, zip_int64_t index, const char *name, size_t *size, dn_error *error) {
    char *full = full_name(a, name, error);
    if (!full) return DN_ERR_MEMORY;
    const dn_status status = dni_zip_archive_size(&a->zip, index, full, size, error);
    free(full);
    return status;
}

static dn_status unpack(archive *a, zip_int64_t index, const char *name, void *out, size_t size,
                        dn_error *error) {
    char *full = full_name(a, name, error);
    if (!full) return DN_ERR_MEMORY;
    const dn_status status = dni_zip_archive_unpack(&a->zip, index, full, out, size, error);
    free(full);
    return status;
}

/* Storage <key> into memory of the dictionary's. */
static dn_status load_storage(void *context, dni_tensor_dict *dict, dni_pickle_storage *storage,
                              dn_error *error) {
    archive *a = context;
    char name[64];
    zip_int64_t index = -1;
    size_t size = 0, needed = 0;
    if (strlen(storage->key) > KEY_LIMIT)
        return dni_fail(error, DN_ERR_CORRUPT, "%s: storage key '%s' has %zu bytes, more than %d", a->path,
                        storage->key, strlen(storage->key), KEY_LIMIT);
    snprintf(name, sizeof name, "/data/%s", storage->key);
    dn_status status = locate(a, name, &index, error);
    if (!status) status = record_size(a, index, name, &size, error);
    if (status) return status;
    if (!dni_size_mul((size_t)storage->count, dni_dtype_size(storage->dtype), &needed) || size != needed)
        return dni_fail(error, DN_ERR_CORRUPT,
                        "%s: record '%s%s' has %zu bytes, not those of %lld elements of %s", a->path, a->stem,
                        name, size, (long long)storage->count, dni_dtype_name(storage->dtype));
    void *data;
    status = dni_tensor_dict_new_memory(dict, size, a->path, &data, error);
    storage->data = data;
    return status ? status : unpack(a, index, name, data, size, error);
}

/* TorchScript archives and big-endian machines' files look the same from outside. */
static dn_status check_kind(archive *a, dn_error *error) {
    zip_int64_t script = -1, order = -1;
    dn_status status = locate(a, "/constants.pkl", &script, error);
    if (!status) status = locate(a, "/byteorder", &order, error);
    if (status) return status;
    if (script >= 0)
        return dni_fail(error, DN_ERR_UNSAFE,
                        "%s: a TorchScript program, which is not run here: save state_dict() instead",
                        a->path);
    size_t size = 0;
    char text[8] = "little";
    if (order >= 0) status = record_size(a, order, "/byteorder", &size, error);
    if (order >= 0 && !status && size < sizeof text) {
        memset(text, 0, sizeof text);
        status = unpack(a, order, "/byteorder", text, size, error);
    }
    if (!status && strcmp(text, "little") != 0)
        return dni_fail(error, DN_ERR_UNSUPPORTED, "%s: written on a machine of byte order '%s'", a->path,
                        text);
    return status;
}

static dn_status read_pickle(dni_pickle **out, archive *a, dn_error *error) {
    zip_int64_t index = -1;
    size_t size = 0;
    dn_status status = locate(a, pickle_name, &index, error);
    if (!status) status = record_size(a, index, pickle_name, &size, error);
    if (status) return status;
    if (size > PICKLE_LIMIT)
        return dni_fail(error, DN_ERR_CORRUPT, "%s: a pickle of %zu bytes, more than %d", a->path, size,
                        PICKLE_LIMIT);
    status = dni_allowance_take(&a->allowance, size, error);
    if (status) return status;
    unsigned char *bytes = malloc(size + 1);
    if (!bytes) return dni_no_memory(error, "%s", a->path);
    size_t position = 0;
    status = unpack(a, index, pickle_name, bytes, size, error);
    if (!status) status = dni_pickle_read(out, bytes, size, &position, &a->allowance, error);
    free(bytes);
    dni_allowance_give_back(&a->allowance, size);
    return status;
}

/* What libzip has in memory: the names are in the file. */
static dn_status take_directory(archive *a, const dni_file *file, dn_error *error) {
    const size_t count = (size_t)zip_get_num_entries(a->zip.zip, 0);
    return dni_allowance_take(&a->allowance, count * ENTRY_BYTES + (size_t)file->size, error);
}

static dn_status read_archive(archive *a, const dni_file *file, dni_tensor_dict *dict, dn_error *error) {
    dni_pickle *pickle = NULL;
    dn_status status = dni_zip_archive_open(&a->zip, file, error);
    if (!status) status = take_directory(a, file, error);
    if (!status) status = find_stem(a, error);
    if (!status) status = check_kind(a, error);
    if (!status) status = read_pickle(&pickle, a, error);
    if (!status) status = dni_state_dict_read(dict, pickle->root, load_storage, a, &a->allowance, error);
    dni_pickle_free(pickle);
    dni_zip_archive_close(&a->zip);
    free(a->stem);
    return status;
}

dn_status dni_pth_zip_read(dni_tensor_dict **out, const dni_file *file, const dn_allocator *allocator,
                           dn_error *error) {
    *out = NULL;
    archive a = {.path = file->path, .allowance = dni_allowance_of(file->size, file->path)};
    dni_tensor_dict *dict = dni_tensor_dict_create_in(allocator);
    const dn_status status =
        dict ? read_archive(&a, file, dict, error) : dni_no_memory(error, "%s", file->path);
    if (status)
        dni_tensor_dict_free(dict);
    else
        *out = dict;
    return status;
}
