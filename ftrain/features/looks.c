/* SPDX-License-Identifier: MIT */
/* The store is open only for moments: its lock is shared by all that run at the same time. */
#include "ftrain/features/looks.h"

#include "core/error.h"
#include "ftrain/shell/interrupt.h"
#include "ftrain/shell/new_array.h"
#include "ftrain/shell/progress.h"
#include "io/feature_store.h"
#include "io/file.h"
#include "io/perceptual_hash.h"

#include <stdlib.h>

enum { PARTS = 4, PART_BITS = 16, CHUNK = 64 };

/* ---- the store ---- */

static outcome open_store(dni_feature_store **out, const char *cache) {
    char *path = dni_path_join(cache, "looks.safetensors");
    if (!path) return report_no_memory();
    dn_error error;
    const dn_status status = dni_feature_store_open(
        out, &(dni_feature_store_options){.path = path, .provenance = "perceptual hash 1", .features = PARTS},
        &error);
    free(path);
    return status ? report(&error, OUTCOME_MACHINE) : OUTCOME_OK;
}

static dn_status get(look *to, dni_feature_store *store, dn_error *error) {
    float parts[PARTS];
    if (!dni_feature_store_has(store, &to->print.content)) return DN_OK;
    const dn_status status = dni_feature_store_get(store, &to->print.content, parts, error);
    if (status) return status;
    to->print.phash = 0;
    for (int i = 0; i < PARTS; i++) to->print.phash = to->print.phash << PART_BITS | (uint64_t)parts[i];
    to->is_known = to->is_kept = true;
    return DN_OK;
}

static dn_status put(const look *from, dni_feature_store *store, dn_error *error) {
    float parts[PARTS];
    for (int i = 0; i < PARTS; i++)
        parts[i] = (float)(from->print.phash >> (PARTS - 1 - i) * PART_BITS & 0xffff);
    return dni_feature_store_put(store, &from->print.content, parts, error);
}

/* The journal may hold what a stopped process left: it is merged here, as nothing may be left to add. */
outcome looks_find(look *looks, size_t count, const char *cache) {
    dni_feature_store *store;
    if (!cache || !count) return OUTCOME_OK;
    const outcome code = open_store(&store, cache);
    if (code) return code;
    const bool before = interrupts_wait(true);
    dn_error error;
    dn_status status = dni_feature_store_finish(store, &error);
    interrupts_wait(before);
    for (size_t i = 0; !status && i < count; i++) status = get(&looks[i], store, &error);
    dni_feature_store_close(store);
    return status ? report(&error, OUTCOME_MACHINE) : OUTCOME_OK;
}

static outcome keep(const look *looks, size_t count, const char *cache) {
    dni_feature_store *store;
    size_t fresh = 0;
    for (size_t i = 0; i < count; i++) fresh += looks[i].is_known && !looks[i].is_kept;
    if (!cache || !fresh) return OUTCOME_OK;
    outcome code = open_store(&store, cache);
    if (code) return code;
    const bool before = interrupts_wait(true);
    dn_error error;
    dn_status status = DN_OK;
    for (size_t i = 0; !status && i < count; i++)
        if (looks[i].is_known && !looks[i].is_kept) status = put(&looks[i], store, &error);
    if (!status) status = dni_feature_store_finish(store, &error);
    if (status) code = report(&error, OUTCOME_MACHINE);
    interrupts_wait(before);
    dni_feature_store_close(store);
    return code;
}

/* ---- decoding ---- */

typedef struct decoding {
    look **looks;
    dn_error errors[CHUNK]; /* status DN_OK: decoded */
} decoding;

static void decode_one(void *context, size_t i) {
    decoding *work = context;
    dni_fingerprint print;
    work->errors[i].status = dni_fingerprint_of_file(&print, work->looks[i]->path, &work->errors[i]);
    if (work->errors[i].status) return;
    work->looks[i]->print.phash = print.phash;
    work->looks[i]->is_known = true;
}

static outcome decode(look **looks, size_t count, dni_pool *pool) {
    decoding work = {.looks = looks};
    dni_pool_run(pool, decode_one, &work, count);
    for (size_t i = 0; i < count; i++)
        if (dni_status_is_machine(work.errors[i].status)) return report(&work.errors[i], OUTCOME_MACHINE);
    return OUTCOME_OK;
}

outcome looks_complete(look *looks, size_t count, const char *cache, dni_pool *pool, bool quiet) {
    look **unknown = new_array(count + 1, sizeof(look *));
    if (!unknown) return OUTCOME_MACHINE;
    size_t left = 0;
    for (size_t i = 0; i < count; i++)
        if (!looks[i].is_known) unknown[left++] = &looks[i];
    outcome code = OUTCOME_OK;
    if (left) progress_start("near copies", left, quiet);
    for (size_t first = 0; !code && first < left; first += CHUNK) {
        const size_t size = left - first < CHUNK ? left - first : CHUNK;
        code = decode(unknown + first, size, pool);
        progress_step(first + size);
    }
    if (left) progress_end();
    free(unknown);
    return !code ? keep(looks, count, cache) : code;
}
