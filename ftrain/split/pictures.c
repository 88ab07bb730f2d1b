/* SPDX-License-Identifier: MIT */
/* Scanning: classes, files, fingerprints in parallel; names that do not collide. */
#include "ftrain/split/pictures.h"

#include "core/pool.h"
#include "ftrain/shell/data.h"
#include "ftrain/shell/message.h"
#include "ftrain/shell/new_array.h"
#include "ftrain/shell/options.h"
#include "ftrain/shell/outcome.h"
#include "ftrain/shell/progress.h"
#include "ftrain/shell/unique_names.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { AT_A_TIME = 64 }; /* pictures between two steps of the progress bar */

/* ---- classes ---- */

static bool has(const dni_listing *listing, const char *name) {
    for (size_t i = 0; i < listing->count; i++)
        if (strcmp(listing->names[i], name) == 0) return true;
    return false;
}

static outcome list_classes(dni_listing *out, const char *folder) {
    dn_error error;
    if (dni_classes_list(out, folder, &error)) return report(&error, OUTCOME_DATA);
    if (has(out, "train") && has(out, "test")) {
        message("%s: holds folders train and test: it is split already", folder);
        return OUTCOME_DATA;
    }
    if (out->count >= 2) return OUTCOME_OK;
    message("%s: has %zu class folder%s; at least two are needed, one for each class", folder, out->count,
            out->count == 1 ? "" : "s");
    return OUTCOME_DATA;
}

/* ---- fingerprints ---- */

typedef struct scan {
    const dni_sample *samples; /* of this turn */
    dni_fingerprint prints[AT_A_TIME];
    dn_error errors[AT_A_TIME];
    dn_status statuses[AT_A_TIME];
} scan;

static void fingerprint_one(void *context, size_t i) {
    scan *work = context;
    work->statuses[i] = dni_fingerprint_of_file(&work->prints[i], work->samples[i].path, &work->errors[i]);
}

static outcome keep(split_pictures *out, const scan *work, size_t count, bool strict) {
    for (size_t i = 0; i < count; i++) {
        if (!work->statuses[i]) {
            out->items[out->count++] = (split_picture){.path = work->samples[i].path,
                                                       .label = work->samples[i].label,
                                                       .print = work->prints[i],
                                                       .split = DNI_SPLITS};
            continue;
        }
        const outcome code = skip_input(&work->errors[i], strict, &out->skipped);
        if (code) return code;
    }
    return OUTCOME_OK;
}

static outcome fingerprint_all(split_pictures *out, dni_pool *pool, bool strict, bool quiet) {
    const size_t total = out->samples.count;
    scan *work = malloc(sizeof *work);
    if (!work) return report_no_memory();
    outcome code = OUTCOME_OK;
    progress_start("pictures", total, quiet);
    for (size_t done = 0; !code && done < total; done += AT_A_TIME) {
        const size_t count = total - done < AT_A_TIME ? total - done : AT_A_TIME;
        work->samples = out->samples.items + done;
        dni_pool_run(pool, fingerprint_one, work, count);
        code = keep(out, work, count, strict);
        progress_step(done + count);
    }
    progress_end();
    free(work);
    return code;
}

outcome split_pictures_scan(split_pictures *out, const char *folder, const decision_options *decisions,
                            int threads, bool strict, bool quiet) {
    *out = (split_pictures){.count = 0};
    outcome code = list_classes(&out->classes, folder);
    if (code) return code;
    const char *const *const names = (const char *const *)out->classes.names;
    const int classes = (int)out->classes.count;
    code = samples_scan(&out->samples, folder, names, classes, strict, &out->skipped);
    if (!code)
        code = decisions_heed(&out->decisions, decisions, folder, (dni_samples *const[]){&out->samples}, 1,
                              names, classes);
    if (code) return code;
    if (out->samples.count > UINT32_MAX) {
        message("%s: %zu pictures; at most %u are taken", folder, out->samples.count, UINT32_MAX);
        return OUTCOME_DATA;
    }
    out->items = calloc(out->samples.count + 1, sizeof *out->items);
    if (!out->items) return report_no_memory();
    dni_pool *pool;
    dn_error error;
    if (dni_pool_create(&pool, threads, &error)) return report(&error, OUTCOME_MACHINE);
    code = fingerprint_all(out, pool, strict, quiet);
    dni_pool_free(pool);
    return code;
}

void split_pictures_free(split_pictures *pictures) {
    for (uint32_t i = 0; i < pictures->count; i++) free(pictures->items[i].name);
    free(pictures->items);
    dni_samples_free(&pictures->samples);
    dni_listing_free(&pictures->classes);
}

/* ---- names ---- */

bool split_pictures_name(split_pictures *pictures) {
    unique_name *names = new_array(pictures->count, sizeof *names);
    if (!names) return false;
    for (uint32_t i = 0; i < pictures->count; i++)
        names[i] = (unique_name){.folder = pictures->items[i].label,
                                 .wanted = dni_path_name(pictures->items[i].path)};
    const bool fine = unique_names_give(names, pictures->count);
    for (uint32_t i = 0; i < pictures->count; i++) pictures->items[i].name = names[i].given;
    free(names);
    return fine;
}
