/* Features: hash every file, compute what the store lacks, copy out.
 *
 * Pictures are decoded in parallel, a group of some for every thread at a time, and their views go through the
 * network in batches; each record is in the journal before the next batch begins, so that any end loses one
 * group at most. */
#include "ftrain/features.h"

#include "ftrain/options.h"
#include "ftrain/program.h"
#include "ftrain/progress.h"
#include "ftrain/weights_source.h"
#include "io/feature_store.h"
#include "io/file.h"
#include "io/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { GROUP_PER_THREAD = 4, GROUP_LIMIT = 64, BATCH_PER_THREAD = 8 };

typedef struct item {
    const feature_source *source;
    const char *path;
    dni_key key;     /* of the file */
    dn_error *error; /* why it cannot be used; NULL: it can */
} item;

typedef struct collection {
    const feature_request *request;
    dni_feature_store *store;
    item *items; /* of all sources, one after the other */
    size_t count;
    size_t skipped;
    int most_views; /* of any source */

    /* the network, once it is needed */
    dn_model *model;
    dn_session *session;
    size_t batch;
    float *features; /* (batch, features) */
    item *group[GROUP_LIMIT];
    size_t group_size, group_limit;
    float *inputs; /* (group_limit, most_views, crop, crop, 3) */
    dni_key *keys; /* (group_limit, most_views): of the inputs, once the group is decoded */
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
        report(&error, EXIT_MACHINE);
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
        if (folder) report(&error, EXIT_MACHINE);
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

static int open_store(collection *work) {
    const feature_request *request = work->request;
    char *preprocessing = dni_preprocessing_to_json(&request->preprocessing);
    if (!preprocessing) return report_no_memory();
    char provenance[1024];
    snprintf(provenance, sizeof provenance, "%s %s %s", request->config->name, request->hash, preprocessing);
    free(preprocessing);
    char *path = request->cache ? path_in_cache(request->cache, provenance) : strdup(request->path);
    if (!path) return EXIT_MACHINE;
    dn_error error;
    const dn_status status = dni_feature_store_open(&work->store, path, provenance, request->config->features,
                                                    on_wait, path, &error);
    free(path);
    return status ? report(&error, EXIT_MACHINE) : CONTINUE;
}

/* ---- pictures that cannot be used ---- */

static int skip(collection *work, item *it, const dn_error *error) {
    it->error = malloc(sizeof *it->error);
    if (!it->error) return report_no_memory();
    *it->error = *error;
    if (work->request->strict) return report(error, EXIT_DATA);
    message("skipped: %s", error->message);
    work->skipped++;
    return CONTINUE;
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

static int hash_all(collection *work) {
    hashing all = {.items = work->items, .statuses = calloc(work->count, sizeof *all.statuses)};
    if (!all.statuses) return report_no_memory();
    dni_pool_run(work->request->pool, hash_one, &all, work->count);
    dni_pool_rest(work->request->pool);
    int code = CONTINUE;
    for (size_t i = 0; code == CONTINUE && i < work->count; i++) {
        dn_error error = {.message = ""};
        if (all.statuses[i] && dni_key_of_file(&work->items[i].key, work->items[i].path, &error))
            code = skip(work, &work->items[i], &error); /* asked again for its message */
    }
    free(all.statuses);
    return code;
}

/* ---- computing ---- */

static int start_network(collection *work) {
    if (work->session) return CONTINUE;
    const feature_request *request = work->request;
    const dn_weights *weights;
    const int code = request->weights(request->context, &weights);
    if (code != CONTINUE) return code;
    const int threads = dni_pool_threads(request->pool), crop = request->preprocessing.crop;
    const dn_model_options model_options = {.threads = threads};
    const dn_session_options options = {
        .batch = (int)work->batch, .height = crop, .width = crop, .threads = threads};
    dn_error error;
    if (dn_model_create(&work->model, weights, &model_options, &error) ||
        dn_session_create(&work->session, work->model, &options, &error))
        return report(&error, EXIT_MODEL);
    return CONTINUE;
}

static size_t input_floats(const collection *work) {
    const size_t crop = (size_t)work->request->preprocessing.crop;
    return crop * crop * 3;
}

static const float *find_record(const collection *work, const item *it, int view) {
    const dni_key key = dni_key_of_view(&it->key, &it->source->views[view]);
    return dni_feature_store_get(work->store, &key);
}

/* Whether it can be used, as far as is known, and lacks a view. */
static bool is_wanted(const collection *work, const item *it) {
    bool wanted = false;
    for (int v = 0; !it->error && !wanted && v < it->source->view_count; v++)
        wanted = !find_record(work, it, v);
    return wanted;
}

typedef struct decoding {
    collection *work;
    dn_error errors[GROUP_LIMIT];
    dn_status statuses[GROUP_LIMIT];
    size_t rows[GROUP_LIMIT]; /* views made of each */
} decoding;

/* Decodes picture i of the group and makes the views that the store lacks, one after the other from row
 * i * most_views. */
static void decode_one(void *context, size_t i) {
    decoding *group = context;
    const collection *work = group->work;
    const item *it = work->group[i];
    size_t row = i * (size_t)work->most_views;
    dn_image image;
    group->statuses[i] = dn_image_load(&image, it->path, &group->errors[i]);
    for (int v = 0; !group->statuses[i] && v < it->source->view_count; v++) {
        if (find_record(work, it, v)) continue;
        const dni_view *view = &it->source->views[v];
        work->keys[row] = dni_key_of_view(&it->key, view);
        group->statuses[i] = dni_view_to_input(view, &image, &work->request->preprocessing,
                                               work->inputs + row * input_floats(work), &group->errors[i]);
        row++;
    }
    group->rows[i] = row - i * (size_t)work->most_views;
    dn_image_free(&image);
}

/* Fills the first *rows of inputs and keys with the group's, without gaps. */
static int decode_group(collection *work, size_t *rows) {
    decoding group = {.work = work};
    dni_pool_run(work->request->pool, decode_one, &group, work->group_size);
    dni_pool_rest(work->request->pool);
    const size_t floats = input_floats(work);
    *rows = 0;
    for (size_t i = 0; i < work->group_size; i++) {
        if (group.statuses[i]) {
            const int code = skip(work, work->group[i], &group.errors[i]);
            if (code != CONTINUE) return code;
            continue;
        }
        const size_t from = i * (size_t)work->most_views;
        memmove(work->inputs + *rows * floats, work->inputs + from * floats,
                group.rows[i] * floats * sizeof(float));
        memmove(work->keys + *rows, work->keys + from, group.rows[i] * sizeof *work->keys);
        *rows += group.rows[i];
    }
    return CONTINUE;
}

static int compute_batch(collection *work, size_t first, size_t rows) {
    dn_error error;
    if (dn_session_forward(work->session, work->inputs + first * input_floats(work), (int)rows,
                           &(dn_outputs){.features = work->features}, &error))
        return report(&error, EXIT_MODEL);
    const size_t width = (size_t)work->request->config->features;
    for (size_t i = 0; i < rows; i++)
        if (dni_feature_store_put(work->store, &work->keys[first + i], work->features + i * width, &error))
            return report(&error, EXIT_MACHINE);
    return CONTINUE;
}

static int compute_group(collection *work) {
    size_t rows;
    int code = decode_group(work, &rows);
    if (code == CONTINUE && rows) code = start_network(work);
    for (size_t i = 0; code == CONTINUE && i < rows; i += work->batch)
        code = compute_batch(work, i, rows - i < work->batch ? rows - i : work->batch);
    work->group_size = 0;
    return code;
}

static int compute_missing(collection *work) {
    size_t done = 0;
    for (size_t i = 0; i < work->count; i++) {
        if (is_wanted(work, &work->items[i])) {
            work->group[work->group_size++] = &work->items[i];
            done++;
        }
        if (work->group_size == work->group_limit || (work->group_size && i + 1 == work->count)) {
            const int code = compute_group(work);
            if (code != CONTINUE) return code;
            progress_step(done);
        }
        if (interrupted()) {
            message("interrupted: %zu feature vectors are kept; the same command goes on from there",
                    dni_feature_store_count(work->store));
            return EXIT_INTERRUPTED;
        }
    }
    return CONTINUE;
}

static size_t count_missing(const collection *work) {
    size_t missing = 0;
    for (size_t i = 0; i < work->count; i++) missing += is_wanted(work, &work->items[i]);
    return missing;
}

static int fill_store(collection *work) {
    const size_t missing = count_missing(work);
    if (!missing) return CONTINUE;
    const size_t threads = (size_t)dni_pool_threads(work->request->pool), wanted = threads * GROUP_PER_THREAD;
    work->group_limit = wanted < GROUP_LIMIT ? wanted : GROUP_LIMIT;
    work->batch = threads * BATCH_PER_THREAD;
    const size_t rows = work->group_limit * (size_t)work->most_views;
    work->inputs = malloc(rows * input_floats(work) * sizeof(float));
    work->keys = malloc(rows * sizeof *work->keys);
    work->features = malloc(work->batch * (size_t)work->request->config->features * sizeof(float));
    if (!work->inputs || !work->keys || !work->features) return report_no_memory();
    progress_start("features", missing, work->request->quiet);
    const int code = compute_missing(work);
    progress_end();
    if (code != CONTINUE) return code;
    dn_error error;
    return dni_feature_store_finish(work->store, &error) ? report(&error, EXIT_MACHINE) : CONTINUE;
}

/* ---- copying out ---- */

static int copy_set(const collection *work, const item *items, const feature_source *source,
                    feature_set *out) {
    const size_t width = (size_t)work->request->config->features, views = (size_t)source->view_count;
    const size_t count = source->samples->count;
    *out = (feature_set){.views = source->views, .view_count = source->view_count};
    out->values = malloc((count + 1) * views * width * sizeof(float));
    out->labels = malloc((count + 1) * sizeof *out->labels);
    out->places = malloc((count + 1) * sizeof *out->places);
    if (!out->values || !out->labels || !out->places) return report_no_memory();
    for (size_t i = 0; i < count; i++) {
        if (items[i].error || is_wanted(work, &items[i])) continue;
        for (size_t v = 0; v < views; v++)
            memcpy(out->values + ((size_t)out->count * views + v) * width,
                   find_record(work, &items[i], (int)v), width * sizeof(float));
        out->places[out->count] = i;
        out->labels[out->count++] = source->samples->items[i].label;
    }
    return CONTINUE;
}

static int copy_sets(const collection *work, const feature_source *sources, size_t count, feature_set *out) {
    const item *items = work->items;
    int code = CONTINUE;
    for (size_t s = 0; code == CONTINUE && s < count; items += sources[s++].samples->count)
        code = copy_set(work, items, &sources[s], &out[s]);
    for (size_t s = 0; code != CONTINUE && s < count; s++) feature_set_free(&out[s]);
    return code;
}

static int collect(collection *work, const feature_source *sources, size_t count, feature_set *out) {
    size_t next = 0;
    for (size_t s = 0; s < count; s++)
        for (size_t i = 0; i < sources[s].samples->count; i++)
            work->items[next++] = (item){.source = &sources[s], .path = sources[s].samples->items[i].path};
    int code = open_store(work);
    if (code == CONTINUE) code = hash_all(work);
    if (code == CONTINUE) code = fill_store(work);
    if (code == CONTINUE && out) code = copy_sets(work, sources, count, out);
    return code;
}

int features_collect(const feature_request *request, const feature_source *sources, size_t count,
                     feature_set *out, size_t *skipped) {
    collection work = {.request = request};
    for (size_t s = 0; s < count; s++) {
        work.count += sources[s].samples->count;
        if (sources[s].view_count > work.most_views) work.most_views = sources[s].view_count;
        if (out) out[s] = (feature_set){.count = 0};
    }
    work.items = calloc(work.count + 1, sizeof *work.items);
    const int code = work.items ? collect(&work, sources, count, out) : report_no_memory();
    *skipped = work.skipped;
    for (size_t i = 0; work.items && i < work.count; i++) free(work.items[i].error);
    free(work.items);
    free(work.inputs);
    free(work.keys);
    free(work.features);
    dn_session_free(work.session);
    dn_model_free(work.model);
    dni_feature_store_close(work.store);
    return code;
}
