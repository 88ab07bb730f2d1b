/* SPDX-License-Identifier: MIT */
/* Features: hash every file, compute what the store lacks, tell where they lie. */
#include "ftrain/features/features.h"

#include "ftrain/features/collection.h"
#include "ftrain/features/described_pictures.h"
#include "ftrain/features/features_compute.h"
#include "ftrain/shell/folders.h"
#include "ftrain/shell/interrupt.h"
#include "ftrain/shell/message.h"
#include "ftrain/shell/new_array.h"
#include "io/file.h"
#include "io/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

outcome features_cache(char **out, const char *option) {
    *out = NULL;
    char *folder;
    const outcome code = option ? OUTCOME_OK : cache_folder(&folder, "features", "--cache FOLDER");
    if (code) return code;
    if (option && !(folder = strdup(option))) return report_no_memory();
    dn_error error;
    if (dni_make_folders(folder, &error)) {
        free(folder);
        return report(&error, OUTCOME_MACHINE);
    }
    *out = folder;
    return OUTCOME_OK;
}

/* ---- the store ---- */

static void on_wait(void *context) {
    message("%s: another ftrain is at work on these features; waiting for it", (const char *)context);
}

/* FOLDER/features/HASH-2.safetensors, from malloc: the number is the format's, so that stores of other
 * formats stay apart, as those of BF16 do. */
static outcome path_in_cache(char **out, const char *cache, const char *provenance, int form) {
    *out = NULL;
    char *folder = dni_path_join(cache, "features");
    if (!folder) return report_no_memory();
    dn_error error;
    if (dni_make_folders(folder, &error)) {
        free(folder);
        return report(&error, OUTCOME_MACHINE);
    }
    const dni_key key = dni_key_of_bytes(provenance, strlen(provenance));
    char hash[33], name[64];
    dni_key_text(&key, hash);
    snprintf(name, sizeof name, "%s-2%s.safetensors", hash, form == DNI_FORM_BF16 ? "-bf16" : "");
    *out = dni_path_join(folder, name);
    free(folder);
    return *out ? OUTCOME_OK : report_no_memory();
}

static outcome find_path(char **out, const feature_request *request, const char *provenance) {
    if (!request->options.file) return path_in_cache(out, request->cache, provenance, request->options.form);
    *out = strdup(request->options.file);
    return *out ? OUTCOME_OK : report_no_memory();
}

static outcome open_store(feature_collection *collection) {
    const feature_request *request = collection->request;
    char *preprocessing = dni_preprocessing_to_json(&request->preprocessing);
    if (!preprocessing) return report_no_memory();
    char provenance[1024];
    const bool exact = request->network.precision == DN_PRECISION_FLOAT32;
    snprintf(provenance, sizeof provenance, "%s %s %s%s%s", request->config->name, request->hash,
             preprocessing, exact ? "" : " ", exact ? "" : precision_name(request->network.precision));
    free(preprocessing);
    char *path;
    const outcome code = find_path(&path, request, provenance);
    if (code) return code;
    const dni_feature_store_options options = {.path = path,
                                               .provenance = provenance,
                                               .features = request->config->features,
                                               .form = (dni_feature_form)request->options.form,
                                               .on_wait = on_wait,
                                               .context = path};
    dn_error error;
    const dn_status status = dni_feature_store_open(&collection->store, &options, &error);
    free(path);
    return status ? report(&error, OUTCOME_MACHINE) : OUTCOME_OK;
}

/* ---- hashing ---- */

typedef struct hashing {
    const feature_collection *collection;
    dn_status *statuses;
} hashing;

static void hash_one(void *context, size_t i) {
    hashing *work = context;
    work->statuses[i] = dni_key_of_file(&work->collection->items[i].key,
                                        features_sample(work->collection, i, NULL)->path, NULL);
}

static outcome hash_all(feature_collection *collection) {
    hashing all = {.collection = collection, .statuses = calloc(collection->count, sizeof *all.statuses)};
    if (!all.statuses) return report_no_memory();
    dni_pool_run(collection->request->pool, hash_one, &all, collection->count);
    outcome code = OUTCOME_OK;
    for (size_t i = 0; !code && i < collection->count; i++) {
        feature_item *item = &collection->items[i];
        dn_error error = {.message = ""};
        if (all.statuses[i] &&
            dni_key_of_file(&item->key, features_sample(collection, i, NULL)->path, &error))
            code = features_skip(collection, item, &error); /* asked again for its message */
    }
    free(all.statuses);
    return code;
}

/* ---- fingerprints ---- */

/* Those that are kept. */
static outcome find_looks(feature_collection *collection) {
    if (!collection->request->fingerprints) return OUTCOME_OK;
    collection->looks = new_array(collection->count + 1, sizeof *collection->looks);
    if (!collection->looks) return OUTCOME_MACHINE;
    for (size_t i = 0; i < collection->count; i++)
        collection->looks[i] = (look){.path = features_sample(collection, i, NULL)->path,
                                      .print = {.content = collection->items[i].key}};
    return looks_find(collection->looks, collection->count, collection->request->cache);
}

/* Those that neither were kept nor came with the features. */
static outcome complete_looks(feature_collection *collection) {
    const feature_request *request = collection->request;
    if (!request->fingerprints) return OUTCOME_OK;
    for (size_t i = 0; i < collection->count; i++)
        if (collection->items[i].is_unusable)
            collection->looks[i].is_known = collection->looks[i].is_kept = true;
    return looks_complete(collection->looks, collection->count, request->cache, request->pool,
                          request->options.quiet);
}

/* ---- the sets ---- */

/* Of each view of a picture that can be used; false: it cannot. */
static bool find_rows(const feature_collection *collection, const feature_item *item,
                      const feature_source *source, uint32_t *rows) {
    bool all = item->is_complete;
    for (int v = 0; all && v < source->view_count; v++) {
        const dni_key key = dni_key_of_view(&item->key, &source->views[v]);
        all = dni_feature_store_row(collection->store, &key, &rows[v]);
    }
    return all;
}

static outcome list_set(const feature_collection *collection, const feature_item *items,
                        const feature_source *source, feature_vectors *vectors, feature_set *out) {
    const size_t views = (size_t)source->view_count, count = source->samples->count;
    *out = (feature_set){.views = source->views,
                         .view_count = source->view_count,
                         .width = collection->request->config->features,
                         .vectors = feature_vectors_share(vectors)};
    out->rows = new_matrix(count + 1, views, sizeof *out->rows);
    out->labels = new_array(count + 1, sizeof *out->labels);
    out->sample_index = new_array(count + 1, sizeof *out->sample_index);
    if (collection->looks) out->prints = new_array(count + 1, sizeof *out->prints);
    if (!out->rows || !out->labels || !out->sample_index || !out->prints != !collection->looks)
        return OUTCOME_MACHINE;
    for (size_t i = 0; i < count; i++) {
        if (!find_rows(collection, &items[i], source, out->rows + (size_t)out->count * views)) continue;
        if (out->prints) out->prints[out->count] = collection->looks[&items[i] - collection->items].print;
        out->sample_index[out->count] = i;
        out->labels[out->count++] = source->samples->items[i].label;
    }
    return OUTCOME_OK;
}

static outcome list_sets(const feature_collection *collection, const feature_source *sources, size_t count,
                         feature_set *out) {
    feature_vectors *vectors;
    const feature_item *items = collection->items;
    outcome code = feature_vectors_of_store(&vectors, collection->store);
    for (size_t s = 0; !code && s < count; items += sources[s++].samples->count)
        code = list_set(collection, items, &sources[s], vectors, &out[s]);
    feature_vectors_release(vectors);
    for (size_t s = 0; code && s < count; s++) feature_set_free(&out[s]);
    return code;
}

/* ---- all of it ---- */

static void find_complete(const feature_collection *collection) {
    for (size_t i = 0; i < collection->count; i++) {
        feature_item *item = &collection->items[i];
        const feature_source *source;
        features_sample(collection, i, &source);
        item->is_complete = !item->is_unusable;
        for (int v = 0; item->is_complete && v < source->view_count; v++)
            item->is_complete = features_has(collection, item, &source->views[v]);
    }
}

/* Also where nothing is missing the journal may hold what a stopped process left. */
static outcome fill_store(feature_collection *collection) {
    dni_feature_pictures described = {.count = 0};
    outcome code = features_compute(collection);
    if (code) return code;
    find_complete(collection);
    if (collection->request->described) described = described_pictures(collection);
    if (described.view_count) dni_feature_store_describe(collection->store, &described);
    dn_error error;
    const bool before = interrupts_wait(true);
    if (dni_feature_store_finish(collection->store, &error)) code = report(&error, OUTCOME_MACHINE);
    interrupts_wait(before);
    return code;
}

static outcome collect(feature_collection *collection, const feature_source *sources, size_t count,
                       feature_set *out) {
    outcome code = open_store(collection);
    if (!code) code = hash_all(collection);
    if (!code) code = find_looks(collection);
    if (!code) code = fill_store(collection);
    if (!code) code = complete_looks(collection);
    if (!code && out) code = list_sets(collection, sources, count, out);
    return code;
}

outcome features_collect(const feature_request *request, const feature_source *sources, size_t count,
                         feature_set *out, size_t *skipped) {
    feature_collection collection = {.request = request, .sources = sources, .source_count = count};
    for (size_t s = 0; s < count; s++) {
        collection.count += sources[s].samples->count;
        if (out) out[s] = (feature_set){.count = 0};
    }
    collection.items = calloc(collection.count + 1, sizeof *collection.items);
    const outcome code = collection.items ? collect(&collection, sources, count, out) : report_no_memory();
    *skipped += collection.skipped;
    free(collection.items);
    free(collection.looks);
    dni_feature_store_close(collection.store);
    return code;
}
