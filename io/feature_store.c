/* The feature store: a sorted safetensors file, mapped, and an append-only journal beside it.
 *
 * Journal: a header (magic, features, XXH3-128 of the provenance), then records of one size: key,
 * floats, XXH3-64 of both seeded with the record's number. A record that is torn, or out of place, fails its
 * checksum; it and all behind it are cut off on opening. The journal is also the lock's file: closing removes
 * it once it is empty, so an opener that waited checks that it still locks what the name means. */
#include "io/feature_store.h"

#include "core/error.h"
#include "core/memory.h"
#include "io/file.h"
#include "io/safetensors.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#define FORMAT_NAME   "densenet feature store 2"
#define JOURNAL_MAGIC "DNFSJRN2"

typedef struct journal_header {
    char magic[8]; /* the last one counts the form */
    uint64_t features;
    uint8_t provenance[16];
} journal_header;

struct dni_feature_store {
    char *path, *journal_path, *provenance;
    size_t features; /* floats of a record */

    /* the file: NULL dict and no records while there is none */
    dni_tensor_dict *dict;
    const dni_key *keys; /* strictly rising */
    const float *values;
    size_t count;

    /* what the journal has beyond the file */
    dni_key *pending_keys;
    float *pending_values;
    size_t pending_count, pending_capacity;
    size_t *slots; /* index + 1 into pending, 0 empty; slot_count is a power of two above 2 * pending_count */
    size_t slot_count;

    int journal; /* open and locked */
    off_t journal_size;
    size_t journal_records; /* whole ones, merged duplicates included: the next record's number */
    unsigned char *record;  /* one record as the journal has it */
};

/* ---- keys ---- */

dni_key dni_key_of_bytes(const void *bytes, size_t size) {
    XXH128_canonical_t canonical;
    XXH128_canonicalFromHash(&canonical, XXH3_128bits(bytes, size));
    dni_key key;
    memcpy(key.bytes, canonical.digest, sizeof key.bytes);
    return key;
}

dni_key dni_key_of_view(const dni_key *file, const dni_view *view) {
    if (view->kind == DNI_VIEW_PLAIN && !view->flip) return *file;
    char name[DNI_VIEW_NAME];
    dni_view_name(view, name);
    unsigned char bytes[sizeof file->bytes + DNI_VIEW_NAME];
    memcpy(bytes, file->bytes, sizeof file->bytes);
    memcpy(bytes + sizeof file->bytes, name, strlen(name));
    return dni_key_of_bytes(bytes, sizeof file->bytes + strlen(name));
}

dn_status dni_key_of_file(dni_key *out, const char *path, dn_error *error) {
    dni_mapping file;
    const dn_status status = dni_file_map(&file, path, error);
    if (status) {
        *out = (dni_key){.bytes = {0}};
        return status;
    }
    *out = dni_key_of_bytes(file.data, file.size);
    dni_file_unmap(&file);
    return DN_OK;
}

void dni_key_text(const dni_key *key, char hex[33]) {
    for (int i = 0; i < 16; i++) snprintf(hex + 2 * i, 3, "%02x", key->bytes[i]);
}

/* ---- the file ---- */

static void unload_file(dni_feature_store *store) {
    dni_tensor_dict_free(store->dict);
    store->dict = NULL;
    store->keys = NULL;
    store->values = NULL;
    store->count = 0;
}

static dn_status check_tensors(dni_feature_store *store, dn_error *error) {
    const dni_tensor *keys = dni_tensor_dict_find(store->dict, "keys");
    const dni_tensor *features = dni_tensor_dict_find(store->dict, "features");
    if (!keys || !features)
        return dni_fail(error, DN_ERR_TENSOR_MISSING, "%s: tensor '%s' is missing: not a feature store",
                        store->path, keys ? "features" : "keys");
    if (keys->dtype != DNI_U8 || features->dtype != DNI_F32)
        return dni_fail(error, DN_ERR_TENSOR_DTYPE, "%s: 'keys' must be U8 and 'features' F32, not %s and %s",
                        store->path, dni_dtype_name(keys->dtype), dni_dtype_name(features->dtype));
    char text[2][96];
    const int64_t n = keys->rank ? keys->shape[0] : 0;
    if (!dni_tensor_same_shape(keys, 2, (const int64_t[]){n, 16}))
        return dni_fail(error, DN_ERR_TENSOR_SHAPE, "%s: tensor 'keys' is %s, not (n, 16)", store->path,
                        dni_tensor_shape_text(keys->rank, keys->shape, text[0], sizeof text[0]));
    const int64_t expected[] = {n, (int64_t)store->features};
    if (!dni_tensor_same_shape(features, 2, expected))
        return dni_fail(error, DN_ERR_TENSOR_SHAPE, "%s: tensor 'features' is %s, expected %s", store->path,
                        dni_tensor_shape_text(features->rank, features->shape, text[0], sizeof text[0]),
                        dni_tensor_shape_text(2, expected, text[1], sizeof text[1]));
    if ((uintptr_t)features->data % sizeof(float))
        return dni_fail(error, DN_ERR_FORMAT, "%s: tensor 'features' is not aligned to its element size",
                        store->path);
    store->keys = keys->data;
    store->values = features->data;
    store->count = (size_t)n;
    for (size_t i = 1; i < store->count; i++)
        if (memcmp(&store->keys[i - 1], &store->keys[i], sizeof *store->keys) >= 0)
            return dni_fail(error, DN_ERR_CORRUPT, "%s: tensor 'keys' is not sorted at row %zu", store->path,
                            i);
    return DN_OK;
}

static dn_status load_file(dni_feature_store *store, dn_error *error) {
    dn_error reason;
    dn_status status = dni_safetensors_read(&store->dict, store->path, &reason);
    if (status == DN_ERR_NOT_FOUND) return DN_OK;
    if (status) return dni_fail(error, status, "%s", reason.message);
    const char *format = dni_tensor_dict_meta(store->dict, "format");
    const char *provenance = dni_tensor_dict_meta(store->dict, "provenance");
    if (!format || !provenance)
        return dni_fail(error, DN_ERR_FORMAT, "%s: not a feature store: metadata '%s' is missing",
                        store->path, format ? "provenance" : "format");
    if (strcmp(format, FORMAT_NAME) != 0)
        return dni_fail(error, DN_ERR_MISMATCH, "%s: is a '%s', not a '%s': make it anew", store->path,
                        format, FORMAT_NAME);
    if (strcmp(provenance, store->provenance) != 0)
        return dni_fail(error, DN_ERR_MISMATCH, "%s: holds features of '%s', not of '%s'", store->path,
                        provenance, store->provenance);
    return check_tensors(store, error);
}

static const float *find_in_file(const dni_feature_store *store, const dni_key *key) {
    size_t low = 0, high = store->count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        const int order = memcmp(&store->keys[middle], key, sizeof *key);
        if (order == 0) return store->values + middle * store->features;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

/* ---- records that are only in the journal ---- */

/* The slot that holds `key`, or the empty one where it would go. Keys are hashes already. */
static size_t *slot_of(const dni_feature_store *store, const dni_key *key) {
    uint64_t hash;
    memcpy(&hash, key->bytes, sizeof hash);
    size_t i = (size_t)hash & (store->slot_count - 1);
    while (store->slots[i] && memcmp(&store->pending_keys[store->slots[i] - 1], key, sizeof *key) != 0)
        i = (i + 1) & (store->slot_count - 1);
    return &store->slots[i];
}

static dn_status no_memory(const dni_feature_store *store, dn_error *error) {
    return dni_fail(error, DN_ERR_MEMORY, "%s: out of memory for %zu feature records", store->path,
                    store->count + store->pending_count + 1);
}

static dn_status reserve_pending(dni_feature_store *store, dn_error *error) {
    if (store->pending_count < store->pending_capacity) return DN_OK;
    const size_t capacity = store->pending_capacity ? 2 * store->pending_capacity : 64;
    size_t bytes;
    if (!dni_size_mul(capacity, store->features * sizeof(float), &bytes)) return no_memory(store, error);
    dni_key *keys = realloc(store->pending_keys, capacity * sizeof *keys);
    if (!keys) return no_memory(store, error);
    store->pending_keys = keys;
    float *values = realloc(store->pending_values, bytes);
    if (!values) return no_memory(store, error);
    store->pending_values = values;
    size_t *slots = calloc(4 * capacity, sizeof *slots);
    if (!slots) return no_memory(store, error);
    free(store->slots);
    store->slots = slots;
    store->slot_count = 4 * capacity;
    store->pending_capacity = capacity;
    for (size_t i = 0; i < store->pending_count; i++) *slot_of(store, &store->pending_keys[i]) = i + 1;
    return DN_OK;
}

/* Room was reserved. */
static void add_pending(dni_feature_store *store, const dni_key *key, const float *values) {
    store->pending_keys[store->pending_count] = *key;
    memcpy(store->pending_values + store->pending_count * store->features, values,
           store->features * sizeof(float));
    *slot_of(store, key) = ++store->pending_count;
}

static void forget_pending(dni_feature_store *store) {
    free(store->pending_keys);
    free(store->pending_values);
    free(store->slots);
    store->pending_keys = NULL;
    store->pending_values = NULL;
    store->slots = NULL;
    store->pending_count = store->pending_capacity = store->slot_count = 0;
}

/* ---- the journal ---- */

static size_t record_size(const dni_feature_store *store) {
    return sizeof(dni_key) + store->features * sizeof(float) + sizeof(uint64_t);
}

static uint64_t record_checksum(const dni_feature_store *store, size_t number) {
    return XXH3_64bits_withSeed(store->record, record_size(store) - sizeof(uint64_t), number);
}

static journal_header header_of(const dni_feature_store *store) {
    journal_header header = {.features = store->features};
    memcpy(header.magic, JOURNAL_MAGIC, sizeof header.magic);
    const dni_key provenance = dni_key_of_bytes(store->provenance, strlen(store->provenance));
    memcpy(header.provenance, provenance.bytes, sizeof header.provenance);
    return header;
}

/* Reads exactly `size` bytes; 0 where the file ends before. */
static dn_status read_whole(dni_feature_store *store, void *bytes, size_t size, off_t offset, int *whole,
                            dn_error *error) {
    size_t done = 0;
    while (done < size) {
        const ssize_t n = pread(store->journal, (char *)bytes + done, size - done, offset + (off_t)done);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return dni_fail_errno(error, errno, "%s: cannot read", store->journal_path);
        if (n == 0) break;
        done += (size_t)n;
    }
    *whole = done == size;
    return DN_OK;
}

static dn_status cut_journal(dni_feature_store *store, off_t size, dn_error *error) {
    if (ftruncate(store->journal, size) != 0)
        return dni_fail_errno(error, errno, "%s: cannot truncate", store->journal_path);
    store->journal_size = size;
    return DN_OK;
}

/* Appends, whole or not at all. */
static dn_status append(dni_feature_store *store, const void *bytes, size_t size, dn_error *error) {
    size_t done = 0;
    while (done < size) {
        const ssize_t n = pwrite(store->journal, (const char *)bytes + done, size - done,
                                 store->journal_size + (off_t)done);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) {
            const int number = errno;
            (void)cut_journal(store, store->journal_size,
                              NULL); /* a torn tail would be cut on opening, too */
            return dni_fail_errno(error, number, "%s: cannot write", store->journal_path);
        }
        done += (size_t)n;
    }
    store->journal_size += (off_t)size;
    return DN_OK;
}

static dn_status replay_records(dni_feature_store *store, dn_error *error) {
    const size_t size = record_size(store);
    for (;;) {
        int whole = 0;
        dn_status status = read_whole(store, store->record, size, store->journal_size, &whole, error);
        if (status) return status;
        if (!whole) break;
        uint64_t checksum;
        memcpy(&checksum, store->record + size - sizeof checksum, sizeof checksum);
        if (checksum != record_checksum(store, store->journal_records)) break;
        store->journal_size += (off_t)size;
        store->journal_records++;
        dni_key key;
        memcpy(&key, store->record, sizeof key);
        if (dni_feature_store_get(store, &key)) continue;
        status = reserve_pending(store, error);
        if (status) return status;
        const void *values = store->record + sizeof key; /* 16 bytes into a block: aligned for floats */
        add_pending(store, &key, values);
    }
    return cut_journal(store, store->journal_size, error);
}

static dn_status replay_journal(dni_feature_store *store, dn_error *error) {
    const journal_header expected = header_of(store);
    journal_header found;
    int whole = 0;
    const dn_status status = read_whole(store, &found, sizeof found, 0, &whole, error);
    if (status) return status;
    if (!whole) return cut_journal(store, 0, error); /* killed before the first record */
    if (memcmp(found.magic, expected.magic, sizeof found.magic - 1) != 0)
        return dni_fail(error, DN_ERR_FORMAT, "%s: not a journal of a feature store", store->journal_path);
    if (memcmp(found.magic, expected.magic, sizeof found.magic) != 0)
        return dni_fail(error, DN_ERR_MISMATCH,
                        "%s: holds unfinished features in another form than '%s': remove it",
                        store->journal_path, FORMAT_NAME);
    if (memcmp(&found, &expected, sizeof found) != 0)
        return dni_fail(error, DN_ERR_MISMATCH,
                        "%s: holds unfinished features of other weights or preprocessing than '%s'",
                        store->journal_path, store->provenance);
    store->journal_size = sizeof found;
    return replay_records(store, error);
}

/* ---- opening and closing ---- */

/* Whether the open journal is still the file of that name, and not one that its last owner removed. */
static int journal_is_current(const dni_feature_store *store) {
    struct stat opened, named;
    return fstat(store->journal, &opened) == 0 && stat(store->journal_path, &named) == 0 &&
           opened.st_dev == named.st_dev && opened.st_ino == named.st_ino;
}

static dn_status wait_for_lock(dni_feature_store *store, void (*on_wait)(void *context), void *context,
                               int *waited, dn_error *error) {
    if (flock(store->journal, LOCK_EX | LOCK_NB) == 0) return DN_OK;
    if (errno == EWOULDBLOCK) {
        if (on_wait && !*waited) on_wait(context);
        *waited = 1;
        if (flock(store->journal, LOCK_EX) == 0) return DN_OK;
    }
    if (errno == EINTR)
        return dni_fail(error, DN_ERR_CANCELLED, "%s: interrupted while another process has it open",
                        store->path);
    return dni_fail_errno(error, errno, "%s: cannot lock", store->journal_path);
}

static dn_status lock_journal(dni_feature_store *store, void (*on_wait)(void *context), void *context,
                              dn_error *error) {
    int waited = 0;
    for (;;) {
        store->journal = open(store->journal_path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
        if (store->journal < 0) return dni_fail_errno(error, errno, "%s: cannot open", store->journal_path);
        const dn_status status = wait_for_lock(store, on_wait, context, &waited, error);
        if (status || journal_is_current(store)) return status;
        close(store->journal);
        store->journal = -1;
    }
}

static dn_status create(dni_feature_store **out, const char *path, const char *provenance, int features,
                        dn_error *error) {
    *out = NULL;
    if (features < 1 || features > 1 << 24)
        return dni_fail(error, DN_ERR_ARGUMENT, "%s: a feature store of %d features", path, features);
    dni_feature_store *store = calloc(1, sizeof *store);
    if (!store) return dni_fail(error, DN_ERR_MEMORY, "%s: out of memory", path);
    store->features = (size_t)features;
    store->journal = -1;
    store->path = strdup(path);
    store->provenance = strdup(provenance);
    store->journal_path = malloc(strlen(path) + sizeof ".journal");
    store->record = malloc(record_size(store));
    if (!store->path || !store->provenance || !store->journal_path || !store->record) {
        dni_feature_store_close(store);
        return dni_fail(error, DN_ERR_MEMORY, "%s: out of memory", path);
    }
    memcpy(store->journal_path, path, strlen(path));
    memcpy(store->journal_path + strlen(path), ".journal", sizeof ".journal");
    *out = store;
    return DN_OK;
}

dn_status dni_feature_store_open(dni_feature_store **out, const char *path, const char *provenance,
                                 int features, void (*on_wait)(void *context), void *context,
                                 dn_error *error) {
    dn_status status = create(out, path, provenance, features, error);
    if (status) return status;
    status = lock_journal(*out, on_wait, context, error);
    if (!status) status = load_file(*out, error);
    if (!status) status = replay_journal(*out, error);
    if (status) {
        dni_feature_store_close(*out);
        *out = NULL;
    }
    return status;
}

void dni_feature_store_close(dni_feature_store *store) {
    if (!store) return;
    if (store->journal >= 0) {
        struct stat journal;
        if (fstat(store->journal, &journal) == 0 && journal.st_size == 0) unlink(store->journal_path);
        close(store->journal);
    }
    unload_file(store);
    forget_pending(store);
    free(store->path);
    free(store->journal_path);
    free(store->provenance);
    free(store->record);
    free(store);
}

/* ---- use ---- */

size_t dni_feature_store_count(const dni_feature_store *store) {
    return store->count + store->pending_count;
}

const float *dni_feature_store_get(const dni_feature_store *store, const dni_key *key) {
    const float *record = find_in_file(store, key);
    if (record || !store->pending_count) return record;
    const size_t slot = *slot_of(store, key);
    return slot ? store->pending_values + (slot - 1) * store->features : NULL;
}

dn_status dni_feature_store_put(dni_feature_store *store, const dni_key *key, const float *record,
                                dn_error *error) {
    if (dni_feature_store_get(store, key)) return DN_OK;
    dn_status status = reserve_pending(store, error);
    if (status) return status;
    if (store->journal_size == 0) {
        const journal_header header = header_of(store);
        status = append(store, &header, sizeof header, error);
        if (status) return status;
    }
    const size_t size = record_size(store);
    memcpy(store->record, key, sizeof *key);
    memcpy(store->record + sizeof *key, record, store->features * sizeof(float));
    const uint64_t checksum = record_checksum(store, store->journal_records);
    memcpy(store->record + size - sizeof checksum, &checksum, sizeof checksum);
    status = append(store, store->record, size, error);
    if (status) return status;
    store->journal_records++;
    add_pending(store, key, record);
    return DN_OK;
}

/* ---- merging ---- */

typedef struct source {
    const dni_key *key;
    const float *values;
} source;

static int by_key(const void *a, const void *b) {
    return memcmp(((const source *)a)->key, ((const source *)b)->key, sizeof(dni_key));
}

/* File and pending records, sorted by key; NULL when out of memory. */
static source *sorted_sources(const dni_feature_store *store) {
    const size_t count = store->count + store->pending_count;
    source *sources = calloc(count, sizeof *sources);
    if (!sources) return NULL;
    for (size_t i = 0; i < store->count; i++)
        sources[i] = (source){&store->keys[i], store->values + i * store->features};
    for (size_t i = 0; i < store->pending_count; i++)
        sources[store->count + i] =
            (source){&store->pending_keys[i], store->pending_values + i * store->features};
    qsort(sources, count, sizeof *sources, by_key);
    return sources;
}

static dn_status fill_merged(const dni_feature_store *store, const source *sources, dni_tensor_dict *merged,
                             dn_error *error) {
    const int64_t count = (int64_t)(store->count + store->pending_count);
    void *keys, *values;
    dn_status status =
        dni_tensor_dict_allocate(merged, "keys", DNI_U8, 2, (const int64_t[]){count, 16}, &keys, error);
    if (status) return status;
    status = dni_tensor_dict_allocate(merged, "features", DNI_F32, 2,
                                      (const int64_t[]){count, (int64_t)store->features}, &values, error);
    if (status) return status;
    for (int64_t i = 0; i < count; i++) {
        memcpy((dni_key *)keys + i, sources[i].key, sizeof(dni_key));
        memcpy((float *)values + (size_t)i * store->features, sources[i].values,
               store->features * sizeof(float));
    }
    status = dni_tensor_dict_set_meta(merged, "format", FORMAT_NAME, error);
    if (!status) status = dni_tensor_dict_set_meta(merged, "provenance", store->provenance, error);
    return status;
}

static dn_status write_merged(const dni_feature_store *store, dn_error *error) {
    dni_tensor_dict *merged = dni_tensor_dict_create();
    source *sources = sorted_sources(store);
    dn_status status =
        merged && sources ? fill_merged(store, sources, merged, error) : no_memory(store, error);
    if (!status) status = dni_safetensors_write(merged, store->path, error);
    free(sources);
    dni_tensor_dict_free(merged);
    return status;
}

dn_status dni_feature_store_finish(dni_feature_store *store, dn_error *error) {
    dn_status status = DN_OK;
    if (store->pending_count) {
        status = write_merged(store, error);
        if (status) return status;
        unload_file(store);
        forget_pending(store);
        status = load_file(store, error);
        if (status) return status;
    }
    store->journal_records = 0;
    return cut_journal(store, 0, error); /* the lock stays; closing removes the empty journal */
}
