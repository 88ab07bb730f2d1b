/* Features: hash every file, compute what the store lacks, copy out.
 *
 * Pictures are decoded ahead of the network (io/reader.h), which takes their views in batches, in order; each
 * record is in the journal before the next batch begins, so that any end loses one batch and what was read
 * ahead. */
#include "ftrain/features/features.h"

#include "ftrain/backbone/weights_source.h"
#include "ftrain/shell/folders.h"
#include "ftrain/shell/interrupt.h"
#include "ftrain/shell/message.h"
#include "ftrain/shell/options.h"
#include "ftrain/shell/outcome.h"
#include "ftrain/shell/progress.h"
#include "io/feature_store.h"
#include "io/file.h"
#include "io/json.h"
#include "io/reader.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BATCH_PER_THREAD = 8, BATCH_LIMIT = 128 };

typedef struct item {
    const feature_source *source;
    const char *path;
    dni_key key;             /* of the file */
    dn_error *error;         /* why it cannot be used; NULL: it can */
    const dni_view *missing; /* the views that are to be computed */
    int missing_count;
} item;

typedef struct collection {
    const feature_request *request;
    dni_feature_store *store;
    item *items; /* of all sources, one after the other */
    size_t count;
    size_t skipped;
    dni_view *missing; /* of all items, one after the other */
    size_t missing_count, next_item;

    /* the network, once it is needed */
    dn_model *model;
    dn_session *session;
    int batch;
    float *features; /* (batch, features) */
} collection;

dn_features feature_set_view(const feature_set *set) {
    return (dn_features){
        .values = set->values, .labels = set->labels, .count = set->count, .views = set->view_count};
}

void feature_set_free(feature_set *set) {
    free(set->values);
    free(set->labels);
    free(set->places);
    *set = (feature_set){.count = 0};
}

char *features_cache(const char *option) {
    char *folder = option ? strdup(option) : cache_folder();
    if (!folder) {
        message("no folder for features: set HOME or XDG_CACHE_HOME, or give --cache FOLDER");
        return NULL;
    }
    dn_error error;
    if (dni_make_folders(folder, &error)) {
        report(&error, OUTCOME_MACHINE);
        free(folder);
        return NULL;
    }
    return folder;
}

/* ---- the store ---- */

static void on_wait(void *context) {
    message("%s: another ftrain is at work on these features; waiting for it", (const char *)context);
}

/* FOLDER/features/HASH-2.safetensors: the number is the form's, so that stores of other forms stay apart. */
static char *path_in_cache(const char *cache, const char *provenance) {
    char *folder = dni_path_join(cache, "features");
    dn_error error;
    if (!folder || dni_make_folders(folder, &error)) {
        if (folder) report(&error, OUTCOME_MACHINE);
        free(folder);
        return NULL;
    }
    const dni_key key = dni_key_of_bytes(provenance, strlen(provenance));
    static const char ending[] = "-2.safetensors";
    char name[33 + sizeof ending];
    dni_key_text(&key, name);
    memcpy(name + 32, ending, sizeof ending);
    char *path = dni_path_join(folder, name);
    free(folder);
    return path;
}

static outcome open_store(collection *work) {
    const feature_request *request = work->request;
    char *preprocessing = dni_preprocessing_to_json(&request->preprocessing);
    if (!preprocessing) return report_no_memory();
    char provenance[1024];
    snprintf(provenance, sizeof provenance, "%s %s %s%s", request->config->name, request->hash, preprocessing,
             request->precision == DN_PRECISION_BFLOAT16 ? " bf16" : "");
    free(preprocessing);
    char *path = request->cache ? path_in_cache(request->cache, provenance) : strdup(request->path);
    if (!path) return OUTCOME_MACHINE;
    dn_error error;
    const dn_status status = dni_feature_store_open(&work->store, path, provenance, request->config->features,
                                                    on_wait, path, &error);
    free(path);
    return status ? report(&error, OUTCOME_MACHINE) : OUTCOME_OK;
}

/* ---- pictures that cannot be used ---- */

static outcome skip(collection *work, item *it, const dn_error *error) {
    it->error = malloc(sizeof *it->error);
    if (!it->error) return report_no_memory();
    *it->error = *error;
    if (work->request->strict) return report(error, OUTCOME_DATA);
    message("skipped: %s", error->message);
    work->skipped++;
    return OUTCOME_OK;
}

/* ---- hashing ---- */

typedef struct hashing {
    item *items;
    dn_status *statuses;
} hashing;

static void hash_one(void *context, size_t i) {
    hashing *work = context;
    work->statuses[i] = dni_key_of_file(&work->items[i].key, work->items[i].path, NULL);
}

static outcome hash_all(collection *work) {
    hashing all = {.items = work->items, .statuses = calloc(work->count, sizeof *all.statuses)};
    if (!all.statuses) return report_no_memory();
    dni_pool_run(work->request->pool, hash_one, &all, work->count);
    outcome code = OUTCOME_OK;
    for (size_t i = 0; !code && i < work->count; i++) {
        dn_error error = {.message = ""};
        if (all.statuses[i] && dni_key_of_file(&work->items[i].key, work->items[i].path, &error))
            code = skip(work, &work->items[i], &error); /* asked again for its message */
    }
    free(all.statuses);
    return code;
}

/* ---- computing ---- */

static outcome start_network(collection *work) {
    if (work->session) return OUTCOME_OK;
    const feature_request *request = work->request;
    const dn_weights *weights;
    const outcome code = request->weights(request->context, &weights);
    if (code) return code;
    const int threads = dni_pool_threads(request->pool), crop = request->preprocessing.crop;
    const dn_model_options model_options = {
        .threads = threads, .precision = request->precision, .memory = request->memory};
    const dn_session_options options = {
        .batch = work->batch, .height = crop, .width = crop, .threads = threads};
    dn_error error;
    if (dn_model_create(&work->model, weights, &model_options, &error) ||
        dn_session_create(&work->session, work->model, &options, &error))
        return report(&error, OUTCOME_MODEL);
    return OUTCOME_OK;
}

/* The record of a view of an item, or NULL. */
static const float *find_record(const collection *work, const item *it, const dni_view *view) {
    const dni_key key = dni_key_of_view(&it->key, view);
    return dni_feature_store_get(work->store, &key);
}

/* Whether it can be used and lacks nothing. */
static bool is_complete(const collection *work, const item *it) {
    bool complete = !it->error;
    for (int v = 0; complete && v < it->source->view_count; v++)
        complete = find_record(work, it, &it->source->views[v]);
    return complete;
}

/* Fills every item's list of missing views. */
static outcome plan(collection *work) {
    size_t most = 0;
    for (size_t i = 0; i < work->count; i++) most += (size_t)work->items[i].source->view_count;
    work->missing = malloc((most + 1) * sizeof *work->missing);
    if (!work->missing) return report_no_memory();
    for (size_t i = 0; i < work->count; i++) {
        item *it = &work->items[i];
        it->missing = work->missing + work->missing_count;
        for (int v = 0; !it->error && v < it->source->view_count; v++)
            if (!find_record(work, it, &it->source->views[v]))
                work->missing[work->missing_count + (size_t)it->missing_count++] = it->source->views[v];
        work->missing_count += (size_t)it->missing_count;
    }
    return OUTCOME_OK;
}

static bool next_picture(void *context, dni_reader_job *out) {
    collection *work = context;
    while (work->next_item < work->count && !work->items[work->next_item].missing_count) work->next_item++;
    if (work->next_item == work->count) return false;
    item *it = &work->items[work->next_item++];
    *out = (dni_reader_job){
        .owner = it, .path = it->path, .views = it->missing, .view_count = it->missing_count};
    return true;
}

static outcome compute_batch(collection *work, const dni_reader_run *run) {
    const outcome code = start_network(work);
    if (code) return code;
    dn_error error;
    if (dn_session_forward(work->session, run->inputs, (int)run->count,
                           &(dn_outputs){.features = work->features}, &error))
        return report(&error, OUTCOME_MODEL);
    for (size_t i = 0; i < run->count; i++) {
        const item *it = run->slots[i].owner;
        const dni_key key = dni_key_of_view(&it->key, run->slots[i].view);
        const float *record = work->features + i * (size_t)work->request->config->features;
        if (dni_feature_store_put(work->store, &key, record, &error)) return report(&error, OUTCOME_MACHINE);
    }
    return OUTCOME_OK;
}

/* Leaves out the first views that a copy of the picture has got meanwhile. */
static dni_reader_run without_copies(const collection *work, dni_reader_run run, size_t floats) {
    while (run.count && find_record(work, run.slots->owner, run.slots->view)) {
        run.slots++;
        run.inputs += floats;
        run.count--;
    }
    return run;
}

static outcome compute_run(collection *work, const dni_reader_run *run) {
    if (run->error) return skip(work, run->slots->owner, run->error);
    const size_t crop = (size_t)work->request->preprocessing.crop;
    const dni_reader_run fresh = without_copies(work, *run, 3 * crop * crop);
    return fresh.count ? compute_batch(work, &fresh) : OUTCOME_OK;
}

static outcome compute_missing(collection *work, dni_reader *pictures) {
    for (;;) {
        const dni_reader_run run = dni_reader_take(pictures);
        if (!run.count) return OUTCOME_OK;
        const outcome code = compute_run(work, &run);
        dni_reader_release(pictures);
        if (code) return code;
        progress_step(run.done);
        if (interrupted()) {
            message("interrupted: %zu feature vectors are kept; the same command goes on from there",
                    dni_feature_store_count(work->store));
            return OUTCOME_INTERRUPTED;
        }
    }
}

static outcome compute(collection *work) {
    const int threads = dni_pool_threads(work->request->pool), wanted = threads * BATCH_PER_THREAD;
    work->batch = wanted < BATCH_LIMIT ? wanted : BATCH_LIMIT;
    work->features = malloc((size_t)work->batch * (size_t)work->request->config->features * sizeof(float));
    if (!work->features) return report_no_memory();
    const dni_reader_options options = {.preprocessing = &work->request->preprocessing,
                                        .next = next_picture,
                                        .context = work,
                                        .threads = threads,
                                        .batch = work->batch};
    dni_reader *pictures;
    dn_error error;
    if (dni_reader_create(&pictures, &options, &error)) return report(&error, OUTCOME_MACHINE);
    progress_start("features", work->missing_count, work->request->quiet);
    const outcome code = compute_missing(work, pictures);
    progress_end();
    dni_reader_free(pictures);
    return code;
}

/* Also where nothing is missing the journal may hold what a stopped process left. */
static outcome fill_store(collection *work) {
    outcome code = plan(work);
    if (!code && work->missing_count) code = compute(work);
    if (code) return code;
    dn_error error;
    return dni_feature_store_finish(work->store, &error) ? report(&error, OUTCOME_MACHINE) : OUTCOME_OK;
}

/* ---- copying out ---- */

static outcome copy_set(const collection *work, const item *items, const feature_source *source,
                        feature_set *out) {
    const size_t width = (size_t)work->request->config->features, views = (size_t)source->view_count;
    const size_t count = source->samples->count;
    *out = (feature_set){.views = source->views, .view_count = source->view_count};
    out->values = malloc((count + 1) * views * width * sizeof(float));
    out->labels = malloc((count + 1) * sizeof *out->labels);
    out->places = malloc((count + 1) * sizeof *out->places);
    if (!out->values || !out->labels || !out->places) return report_no_memory();
    for (size_t i = 0; i < count; i++) {
        if (!is_complete(work, &items[i])) continue;
        for (size_t v = 0; v < views; v++)
            memcpy(out->values + ((size_t)out->count * views + v) * width,
                   find_record(work, &items[i], &source->views[v]), width * sizeof(float));
        out->places[out->count] = i;
        out->labels[out->count++] = source->samples->items[i].label;
    }
    return OUTCOME_OK;
}

static outcome copy_sets(const collection *work, const feature_source *sources, size_t count,
                         feature_set *out) {
    const item *items = work->items;
    outcome code = OUTCOME_OK;
    for (size_t s = 0; !code && s < count; items += sources[s++].samples->count)
        code = copy_set(work, items, &sources[s], &out[s]);
    for (size_t s = 0; code && s < count; s++) feature_set_free(&out[s]);
    return code;
}

static outcome collect(collection *work, const feature_source *sources, size_t count, feature_set *out) {
    size_t next = 0;
    for (size_t s = 0; s < count; s++)
        for (size_t i = 0; i < sources[s].samples->count; i++)
            work->items[next++] = (item){.source = &sources[s], .path = sources[s].samples->items[i].path};
    outcome code = open_store(work);
    if (!code) code = hash_all(work);
    if (!code) code = fill_store(work);
    if (!code && out) code = copy_sets(work, sources, count, out);
    return code;
}

outcome features_collect(const feature_request *request, const feature_source *sources, size_t count,
                         feature_set *out, size_t *skipped) {
    collection work = {.request = request};
    for (size_t s = 0; s < count; s++) {
        work.count += sources[s].samples->count;
        if (out) out[s] = (feature_set){.count = 0};
    }
    work.items = calloc(work.count + 1, sizeof *work.items);
    const outcome code = work.items ? collect(&work, sources, count, out) : report_no_memory();
    *skipped = work.skipped;
    for (size_t i = 0; work.items && i < work.count; i++) free(work.items[i].error);
    free(work.items);
    free(work.missing);
    free(work.features);
    dn_session_free(work.session);
    dn_model_free(work.model);
    dni_feature_store_close(work.store);
    return code;
}
