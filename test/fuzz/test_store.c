/* SPDX-License-Identifier: MIT */
/* A feature store's file: read from its beginning to its end, then opened as a store, which gives the same
 * records by their keys; with a record more it is written anew, and has that one more, and its table of
 * pictures still. */
#include "test/fuzz/fuzz.h"

#include "io/feature_reader.h"
#include "io/feature_store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Stores with longer vectors are not opened, for the sake of speed. */
enum { MAX_FEATURES = 256, MAX_PROVENANCE = 200 };

typedef struct summary {
    size_t features, records, pictures, entries;
    char provenance[MAX_PROVENANCE];
} summary;

static dn_status read_entries(summary *out, dni_feature_reader *reader, dn_error *error) {
    float *const values = calloc(out->features ? out->features : 1, sizeof *values);
    fuzz_require(values, "no memory for %zu numbers", out->features);
    const int views =
        dni_feature_reader_header(reader)->has_pictures ? dni_feature_reader_header(reader)->view_count : 1;
    dni_feature_entry entry;
    bool more = true;
    dn_status status = DN_OK;
    while (!status && more) {
        status = dni_feature_reader_next(reader, &entry, &more, error);
        if (status || !more) break;
        out->entries++;
        for (int v = 0; v < views && !status; v++)
            if (entry.rows[v] >= 0) status = dni_feature_reader_values(reader, entry.rows[v], values, error);
    }
    free(values);
    return status;
}

/* Reads a whole file; *out is complete where that succeeds. */
static dn_status read_file(summary *out, const char *path, dn_error *error) {
    dni_feature_reader *reader;
    *out = (summary){.features = 0};
    dn_status status = dni_feature_reader_open(&reader, path, error);
    fuzz_require(!reader == (status != DN_OK), "what is left");
    if (status) return status;
    const dni_feature_header *const header = dni_feature_reader_header(reader);
    out->features = header->features;
    out->records = header->records;
    out->pictures = header->has_pictures ? header->pictures : 0;
    snprintf(out->provenance, sizeof out->provenance, "%s", header->provenance);
    if (header->features <= 1 << 16) status = read_entries(out, reader, error);
    const size_t expected = header->has_pictures ? header->pictures : header->records;
    fuzz_require(status || header->features > 1 << 16 || out->entries == expected, "%zu entries, not %zu",
                 out->entries, expected);
    dni_feature_reader_close(reader);
    return status;
}

/* Adds a record to the store, and reads the file anew. */
static void check_growth(const summary *before, const char *path) {
    fuzz_take();
    dni_feature_store *store;
    dn_error error = {.message = ""};
    const dni_feature_store_options options = {
        .path = path, .provenance = before->provenance, .features = (int)before->features};
    dn_status status = dni_feature_store_open(&store, &options, &error);
    if (status) {
        fuzz_check_refusal(status, &error, path);
        fuzz_require(!store, "something is left of what was refused");
        return;
    }
    fuzz_require(dni_feature_store_count(store) == before->records, "%zu records, not %zu",
                 dni_feature_store_count(store), before->records);
    const dni_key key = dni_key_of_bytes("one more", 8);
    const bool is_new = !dni_feature_store_has(store, &key);
    float record[MAX_FEATURES] = {0}, kept[MAX_FEATURES];
    status = dni_feature_store_put(store, &key, record, &error);
    if (!status) status = dni_feature_store_finish(store, &error);
    if (!status) status = dni_feature_store_get(store, &key, kept, &error);
    dni_feature_store_close(store);
    summary after;
    if (!status) status = read_file(&after, path, &error);
    fuzz_require(!status, "a sound store does not grow: %s", error.message);
    fuzz_require(after.records == before->records + is_new, "%zu records after %zu", after.records,
                 before->records);
    fuzz_require(after.pictures == before->pictures, "%zu pictures after %zu", after.pictures,
                 before->pictures);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    const char *const path = fuzz_file("store.safetensors", bytes, size);
    summary found;
    dn_error error = {.message = ""};
    const dn_status status = read_file(&found, path, &error);
    if (status)
        fuzz_check_refusal(status, &error, path);
    else if (found.features >= 1 && found.features <= MAX_FEATURES &&
             strlen(found.provenance) + 1 < MAX_PROVENANCE)
        check_growth(&found, path);
    return 0;
}
