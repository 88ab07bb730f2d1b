/* SPDX-License-Identifier: MIT */
/* A feature store's journal, as a killed process may have left it: whatever it holds, its whole records come
 * into the file, which then reads as having so many. Records are of 4 numbers. */
#include "test/fuzz/fuzz.h"

#include "io/feature_reader.h"
#include "io/feature_store.h"

#include <string.h>
#include <unistd.h>

enum { FEATURES = 4 };

static size_t records_of_file(const char *path) {
    dni_feature_reader *reader;
    dn_error error = {.message = ""};
    if (access(path, F_OK) != 0) return 0;
    const dn_status status = dni_feature_reader_open(&reader, path, &error);
    fuzz_require(!status, "what was written is refused: %s", error.message);
    const size_t records = dni_feature_reader_header(reader)->records;
    dni_feature_reader_close(reader);
    return records;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    const char *const path = fuzz_path("empty.safetensors");
    unlink(path);
    fuzz_file("empty.safetensors.journal", bytes, size);
    dni_feature_store *store;
    dn_error error = {.message = ""};
    const dni_feature_store_options options = {.path = path, .provenance = "p", .features = FEATURES};
    dn_status status = dni_feature_store_open(&store, &options, &error);
    fuzz_require(!store == (status != DN_OK), "what is left");
    if (status) {
        fuzz_check_refusal(status, &error, path);
        return 0;
    }
    const size_t records = dni_feature_store_count(store);
    fuzz_require(records <= size / (sizeof(dni_key) + 2 * FEATURES), "%zu records in %zu bytes", records,
                 size);
    if (records) fuzz_take();
    status = dni_feature_store_finish(store, &error);
    fuzz_require(!status, "%s", error.message);
    dni_feature_store_close(store);
    fuzz_require(records_of_file(path) == records, "%zu records, not %zu", records_of_file(path), records);
    fuzz_require(access(fuzz_path("empty.safetensors.journal"), F_OK) != 0, "the journal is still there");
    return 0;
}
