/* SPDX-License-Identifier: MIT */
/* The feature store: its file, its journal, and an index of the records that are in the journal alone. */
#include "io/feature_store.h"

#include "core/error.h"
#include "io/feature_file.h"
#include "io/feature_journal.h"
#include "io/feature_merge.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct dni_feature_store {
    char *path, *provenance;
    dni_feature_file file;
    dni_feature_journal journal;
    const dni_feature_pictures *pictures; /* to be written; NULL: those of the file stay */

    /* what the journal has beyond the file: keys alone, for the vectors are read when they are asked for */
    dni_journal_record *pending;
    size_t pending_count, pending_capacity;
    uint32_t *slots; /* index + 1 into pending, 0 empty; slot_count is a power of two above pending_count */
    size_t slot_count;
};

/* ---- records that are only in the journal ---- */

/* The slot that holds `key`, or the empty one where it would go. Keys are hashes already. */
static uint32_t *slot_of(const dni_feature_store *store, const dni_key *key) {
    uint64_t hash;
    memcpy(&hash, key->bytes, sizeof hash);
    size_t i = (size_t)hash & (store->slot_count - 1);
    while (store->slots[i] && memcmp(&store->pending[store->slots[i] - 1].key, key, sizeof *key) != 0)
        i = (i + 1) & (store->slot_count - 1);
    return &store->slots[i];
}

static void fill_slots(dni_feature_store *store) {
    memset(store->slots, 0, store->slot_count * sizeof *store->slots);
    for (size_t i = 0; i < store->pending_count; i++)
        *slot_of(store, &store->pending[i].key) = (uint32_t)i + 1;
}

/* Room for one more; capacities are powers of two. */
static dn_status reserve_pending(dni_feature_store *store, dn_error *error) {
    const size_t count = store->file.count + store->pending_count;
    if (count == UINT32_MAX)
        return dni_fail(error, DN_ERR_UNSUPPORTED, "%s: has %zu records, and can have no more",
                        store->file.path, count);
    if (store->pending_count < store->pending_capacity) return DN_OK;
    const size_t capacity = store->pending_capacity ? 2 * store->pending_capacity : 64;
    dni_journal_record *pending = realloc(store->pending, capacity * sizeof *pending);
    if (!pending) return dni_no_memory(error, "%s: %zu feature records", store->file.path, count + 1);
    store->pending = pending;
    uint32_t *slots = realloc(store->slots, 2 * capacity * sizeof *slots);
    if (!slots) return dni_no_memory(error, "%s: %zu feature records", store->file.path, count + 1);
    store->slots = slots;
    store->slot_count = 2 * capacity;
    store->pending_capacity = capacity;
    fill_slots(store);
    return DN_OK;
}

/* Room was reserved. */
static void add_pending(dni_feature_store *store, const dni_key *key, uint64_t number) {
    store->pending[store->pending_count] = (dni_journal_record){.key = *key, .number = number};
    *slot_of(store, key) = (uint32_t)++store->pending_count;
}

static void forget_pending(dni_feature_store *store) {
    free(store->pending);
    free(store->slots);
    store->pending = NULL;
    store->slots = NULL;
    store->pending_count = store->pending_capacity = store->slot_count = 0;
}

static int by_key(const void *a, const void *b) {
    return memcmp(&((const dni_journal_record *)a)->key, &((const dni_journal_record *)b)->key,
                  sizeof(dni_key));
}

static bool has_bit(const dni_key *key, unsigned bit) {
    return key->bytes[bit / 8] >> (7 - bit % 8) & 1;
}

/* Sorts records whose first `bit` bits are equal, in place: qsort() of all takes as much memory again. */
static void sort_records(dni_journal_record *records, size_t count, unsigned bit) {
    enum { FEW = 4096 };
    while (count > FEW && bit < 8 * sizeof(dni_key)) {
        size_t zeros = 0;
        for (size_t i = 0; i < count; i++) {
            if (has_bit(&records[i].key, bit)) continue;
            const dni_journal_record record = records[i];
            records[i] = records[zeros];
            records[zeros++] = record;
        }
        sort_records(records, zeros, ++bit);
        records += zeros;
        count -= zeros;
    }
    if (count) qsort(records, count, sizeof *records, by_key);
}

/* By key, as the file has them. */
static void sort_pending(dni_feature_store *store) {
    if (!store->pending_count) return;
    sort_records(store->pending, store->pending_count, 0);
    fill_slots(store);
}

/* ---- opening and closing ---- */

static dn_status create(dni_feature_store **out, const dni_feature_store_options *options, dn_error *error) {
    *out = NULL;
    if (options->features < 1 || options->features > 1 << 24)
        return dni_fail(error, DN_ERR_ARGUMENT, "%s: a feature store of %d features", options->path,
                        options->features);
    dni_feature_store *store = calloc(1, sizeof *store);
    if (!store) return dni_no_memory(error, "%s", options->path);
    store->journal.file = -1;
    store->path = strdup(options->path);
    store->provenance = strdup(options->provenance);
    if (!store->path || !store->provenance) {
        dni_feature_store_close(store);
        return dni_no_memory(error, "%s", options->path);
    }
    store->file = (dni_feature_file){.path = store->path,
                                     .provenance = store->provenance,
                                     .features = (size_t)options->features,
                                     .dtype = options->form == DNI_FORM_BF16 ? DNI_BF16 : DNI_F32};
    *out = store;
    return DN_OK;
}

/* A record that was read back from the journal. */
static dn_status take_record(void *context, const dni_key *key, uint64_t number, dn_error *error) {
    dni_feature_store *store = context;
    if (dni_feature_store_has(store, key)) return DN_OK;
    const dn_status status = reserve_pending(store, error);
    if (!status) add_pending(store, key, number);
    return status;
}

/* The file's type, or else the journal's, or else the one that is asked for. */
static dn_status choose_type(dni_feature_store *store, dni_feature_form form, dn_error *error) {
    const dni_dtype wanted = form == DNI_FORM_BF16 ? DNI_BF16 : DNI_F32;
    dni_dtype in_journal = store->file.dtype;
    const dn_status status = dni_feature_journal_choose(&store->journal, &in_journal, error);
    if (status) return status;
    if (!store->file.is_open)
        store->file.dtype = in_journal;
    else if (in_journal != store->file.dtype)
        return dni_fail(error, DN_ERR_MISMATCH, "%s: holds unfinished features as %s, while %s has %s",
                        store->journal.path, dni_dtype_name(in_journal), store->path,
                        dni_dtype_name(store->file.dtype));
    if (form == DNI_FORM_AS_KEPT || wanted == store->file.dtype) return DN_OK;
    return dni_fail(error, DN_ERR_MISMATCH, "%s: keeps features as %s, not as %s", store->path,
                    dni_dtype_name(store->file.dtype), dni_dtype_name(wanted));
}

dn_status dni_feature_store_open(dni_feature_store **out, const dni_feature_store_options *options,
                                 dn_error *error) {
    dn_status status = create(out, options, error);
    if (status) return status;
    dni_feature_store *store = *out;
    status = dni_feature_journal_open(&store->journal, store->path, store->provenance, store->file.features,
                                      options->on_wait, options->context, error);
    if (!status) status = dni_feature_file_load(&store->file, error);
    if (!status) status = choose_type(store, options->form, error);
    if (!status) status = dni_feature_journal_replay(&store->journal, take_record, store, error);
    status = dni_fail_in(error, status, store->path);
    if (status) {
        dni_feature_store_close(store);
        *out = NULL;
    }
    return status;
}

void dni_feature_store_close(dni_feature_store *store) {
    if (!store) return;
    dni_feature_journal_close(&store->journal);
    dni_feature_file_unload(&store->file);
    forget_pending(store);
    free(store->path);
    free(store->provenance);
    free(store);
}

/* ---- use ---- */

size_t dni_feature_store_count(const dni_feature_store *store) {
    return store->file.count + store->pending_count;
}

/* A record that is in the journal alone, or NULL. */
static const dni_journal_record *find_pending(const dni_feature_store *store, const dni_key *key) {
    if (!store->pending_count) return NULL;
    const uint32_t slot = *slot_of(store, key);
    return slot ? &store->pending[slot - 1] : NULL;
}

static dn_status read_pending(const dni_feature_store *store, const dni_journal_record *pending,
                              float *record, dn_error *error) {
    const size_t count = store->file.features;
    const bool is_narrow = store->file.dtype == DNI_BF16;
    void *place = is_narrow ? (unsigned char *)record + 2 * count : (unsigned char *)record;
    const dn_status status = dni_feature_journal_read(&store->journal, pending->number, place, error);
    if (!status && is_narrow) dni_feature_values_widen(record, count);
    return status;
}

bool dni_feature_store_has(const dni_feature_store *store, const dni_key *key) {
    size_t row;
    return find_pending(store, key) || dni_feature_file_find(&store->file, key, &row);
}

dn_status dni_feature_store_get(const dni_feature_store *store, const dni_key *key, float *record,
                                dn_error *error) {
    const dni_journal_record *pending = find_pending(store, key);
    size_t row;
    if (pending) return read_pending(store, pending, record, error);
    if (dni_feature_file_find(&store->file, key, &row))
        return dni_feature_file_read(&store->file, row, record, error);
    return dni_fail(error, DN_ERR_ARGUMENT, "%s: has no record of the key that is asked for", store->path);
}

dn_status dni_feature_store_put(dni_feature_store *store, const dni_key *key, const float *record,
                                dn_error *error) {
    if (dni_feature_store_has(store, key)) return DN_OK;
    const uint64_t number = store->journal.records;
    dn_status status = reserve_pending(store, error);
    if (!status) status = dni_feature_journal_append(&store->journal, key, record, error);
    if (!status) add_pending(store, key, number);
    return status;
}

void dni_feature_store_describe(dni_feature_store *store, const dni_feature_pictures *pictures) {
    store->pictures = pictures;
}

/* Writes the file anew, and goes on with that. */
static dn_status rewrite(dni_feature_store *store, const dni_feature_merge *merge, dn_error *error) {
    const dn_status status = dni_feature_merge_write(merge, error);
    if (status) return status;
    dni_feature_file_unload(&store->file);
    forget_pending(store);
    return dni_feature_file_load(&store->file, error);
}

dn_status dni_feature_store_finish(dni_feature_store *store, dn_error *error) {
    sort_pending(store);
    const dni_feature_merge merge = {.file = &store->file,
                                     .journal = &store->journal,
                                     .records = store->pending,
                                     .count = store->pending_count,
                                     .pictures = store->pictures};
    bool described = true;
    dn_status status = DN_OK;
    if (!merge.count && merge.pictures) status = dni_feature_merge_is_described(&merge, &described, error);
    if (!status && (merge.count || !described)) status = rewrite(store, &merge, error);
    store->pictures = NULL;
    if (!status) status = dni_feature_journal_empty(&store->journal, error); /* closing removes it */
    return dni_fail_in(error, status, store->path);
}

bool dni_feature_store_row(const dni_feature_store *store, const dni_key *key, uint32_t *row) {
    size_t found = 0;
    const bool is_there = dni_feature_file_find(&store->file, key, &found);
    *row = (uint32_t)found;
    return is_there;
}

dn_status dni_feature_store_values(const dni_feature_store *store, dni_feature_values *out, dn_error *error) {
    if (store->file.is_open) return dni_feature_values_keep(out, &store->file.values, error);
    *out = (dni_feature_values){.count = 0};
    return DN_OK;
}
