/* Features: hash every file, compute what the store lacks, copy out.
 *
 * Pictures are decoded in parallel, a group of some for every thread at a time, and go through the network plain
 * and mirrored in one batch; each record is in the journal before the next group begins, so that any end loses one group. */
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

enum { GROUP_PER_THREAD = 4, GROUP_LIMIT = 64 };

typedef struct item {
    const char *path;
    dni_key key;
    dn_error *error; /* why it cannot be used; NULL: it can */
} item;

typedef struct collection {
    const feature_request *request;
    dni_feature_store *store;
    item *items; /* of all samples, one after the other */
    size_t count;
    size_t skipped;

    /* the network, once it is needed */
    dn_model *model;
    dn_session *session;
    float *inputs;   /* (group_limit, FEATURE_VIEWS, crop, crop, 3) */
    float *features; /* (group_limit, FEATURE_VIEWS, features) */
    item *group[GROUP_LIMIT];
    size_t group_size, group_limit;
} collection;

dn_features feature_set_view(const feature_set *set) {
    return (dn_features){
        .values = set->values, .labels = set->labels, .count = set->count, .views = FEATURE_VIEWS};
}

void feature_set_free(feature_set *set) {
    free(set->values);
    free(set->labels);
    *set = (feature_set){.count = 0};
}

float *feature_set_plain(const feature_set *set, int features) {
    const size_t width = (size_t)features;
    float *plain = malloc((size_t)set->count * width * sizeof *plain);
    for (size_t i = 0; plain && i < (size_t)set->count; i++)
        memcpy(plain + i * width, set->values + i * FEATURE_VIEWS * width, width * sizeof *plain);
    return plain;
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

/* FOLDER/features/HASH.safetensors. */
static char *path_in_cache(const char *cache, const char *provenance) {
    char *folder = dni_path_join(cache, "features");
    dn_error error;
    if (!folder || dni_make_folders(folder, &error)) {
        if (folder) report(&error, EXIT_MACHINE);
        free(folder);
        return NULL;
    }
    const dni_key key = dni_key_of_bytes(provenance, strlen(provenance));
    char name[33 + sizeof ".safetensors"];
    dni_key_text(&key, name);
    memcpy(name + 32, ".safetensors", sizeof ".safetensors");
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
    const dn_status status = dni_feature_store_open(&work->store, path, provenance, FEATURE_VIEWS,
                                                    request->config->features, on_wait, path, &error);
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
        .batch = (int)work->group_limit * FEATURE_VIEWS, .height = crop, .width = crop, .threads = threads};
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

typedef struct decoding {
    collection *work;
    dn_error errors[GROUP_LIMIT];
    dn_status statuses[GROUP_LIMIT];
} decoding;

static void decode_one(void *context, size_t i) {
    decoding *group = context;
    const collection *work = group->work;
    const size_t floats = input_floats(work);
    float *input = work->inputs + i * FEATURE_VIEWS * floats;
    dn_image image;
    group->statuses[i] = dn_image_load(&image, work->group[i]->path, &group->errors[i]);
    for (int view = 0; !group->statuses[i] && view < FEATURE_VIEWS; view++)
        group->statuses[i] = dn_image_to_input(&image, &work->request->preprocessing, view,
                                               input + (size_t)view * floats, &group->errors[i]);
    dn_image_free(&image);
}

/* Takes those that cannot be decoded out of the group. */
static int decode_group(collection *work) {
    decoding group = {.work = work};
    dni_pool_run(work->request->pool, decode_one, &group, work->group_size);
    dni_pool_rest(work->request->pool);
    const size_t floats = FEATURE_VIEWS * input_floats(work);
    size_t kept = 0;
    for (size_t i = 0; i < work->group_size; i++) {
        if (group.statuses[i]) {
            const int code = skip(work, work->group[i], &group.errors[i]);
            if (code != CONTINUE) return code;
            continue;
        }
        if (kept != i)
            memcpy(work->inputs + kept * floats, work->inputs + i * floats, floats * sizeof(float));
        work->group[kept++] = work->group[i];
    }
    work->group_size = kept;
    return CONTINUE;
}

static int compute_group(collection *work) {
    int code = decode_group(work);
    if (code == CONTINUE && work->group_size) code = start_network(work);
    if (code != CONTINUE || !work->group_size) return code;
    dn_error error;
    if (dn_session_forward(work->session, work->inputs, (int)work->group_size * FEATURE_VIEWS,
                           &(dn_outputs){.features = work->features}, &error))
        return report(&error, EXIT_MODEL);
    const size_t record = FEATURE_VIEWS * (size_t)work->request->config->features;
    for (size_t i = 0; i < work->group_size; i++)
        if (dni_feature_store_put(work->store, &work->group[i]->key, work->features + i * record, &error))
            return report(&error, EXIT_MACHINE);
    work->group_size = 0;
    return CONTINUE;
}

/* Whether the item is still to be computed: not skipped, not stored, and not in the group already. */
static bool is_wanted(const collection *work, const item *it) {
    if (it->error || dni_feature_store_get(work->store, &it->key)) return false;
    for (size_t i = 0; i < work->group_size; i++)
        if (memcmp(&work->group[i]->key, &it->key, sizeof it->key) == 0) return false;
    return true;
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
            work->group_size = 0;
            progress_step(done);
        }
        if (interrupted()) {
            message("interrupted: the features of %zu pictures are kept; the same command goes on from there",
                    dni_feature_store_count(work->store));
            return EXIT_INTERRUPTED;
        }
    }
    return CONTINUE;
}

static size_t count_missing(const collection *work) {
    size_t missing = 0;
    for (size_t i = 0; i < work->count; i++)
        missing += !work->items[i].error && !dni_feature_store_get(work->store, &work->items[i].key);
    return missing;
}

static int fill_store(collection *work) {
    const size_t missing = count_missing(work);
    if (!missing) return CONTINUE;
    const size_t threads = (size_t)dni_pool_threads(work->request->pool), wanted = threads * GROUP_PER_THREAD;
    work->group_limit = wanted < GROUP_LIMIT ? wanted : GROUP_LIMIT;
    const size_t floats = work->group_limit * FEATURE_VIEWS;
    work->inputs = malloc(floats * input_floats(work) * sizeof(float));
    work->features = malloc(floats * (size_t)work->request->config->features * sizeof(float));
    if (!work->inputs || !work->features) return report_no_memory();
    progress_start("features", missing, work->request->quiet);
    const int code = compute_missing(work);
    progress_end();
    if (code != CONTINUE) return code;
    dn_error error;
    return dni_feature_store_finish(work->store, &error) ? report(&error, EXIT_MACHINE) : CONTINUE;
}

/* ---- copying out ---- */

static int copy_set(const collection *work, const item *items, const dni_samples *samples, feature_set *out) {
    const size_t record = FEATURE_VIEWS * (size_t)work->request->config->features;
    out->values = malloc((samples->count + 1) * record * sizeof(float));
    out->labels = malloc((samples->count + 1) * sizeof *out->labels);
    if (!out->values || !out->labels) return report_no_memory();
    for (size_t i = 0; i < samples->count; i++) {
        const float *values = items[i].error ? NULL : dni_feature_store_get(work->store, &items[i].key);
        if (!values) continue;
        memcpy(out->values + (size_t)out->count * record, values, record * sizeof(float));
        out->labels[out->count++] = samples->items[i].label;
    }
    return CONTINUE;
}

static int copy_sets(const collection *work, const dni_samples *const *samples, size_t count,
                     feature_set *out) {
    const item *items = work->items;
    int code = CONTINUE;
    for (size_t s = 0; code == CONTINUE && s < count; items += samples[s++]->count)
        code = copy_set(work, items, samples[s], &out[s]);
    for (size_t s = 0; code != CONTINUE && s < count; s++) feature_set_free(&out[s]);
    return code;
}

static int collect(collection *work, const dni_samples *const *samples, size_t count, feature_set *out) {
    size_t next = 0;
    for (size_t s = 0; s < count; s++)
        for (size_t i = 0; i < samples[s]->count; i++) work->items[next++].path = samples[s]->items[i].path;
    int code = open_store(work);
    if (code == CONTINUE) code = hash_all(work);
    if (code == CONTINUE) code = fill_store(work);
    if (code == CONTINUE && out) code = copy_sets(work, samples, count, out);
    return code;
}

int features_collect(const feature_request *request, const dni_samples *const *samples, size_t count,
                     feature_set *out, size_t *skipped) {
    collection work = {.request = request};
    for (size_t s = 0; s < count; s++) {
        work.count += samples[s]->count;
        if (out) out[s] = (feature_set){.count = 0};
    }
    work.items = calloc(work.count + 1, sizeof *work.items);
    const int code = work.items ? collect(&work, samples, count, out) : report_no_memory();
    *skipped = work.skipped;
    for (size_t i = 0; work.items && i < work.count; i++) free(work.items[i].error);
    free(work.items);
    free(work.inputs);
    free(work.features);
    dn_session_free(work.session);
    dn_model_free(work.model);
    dni_feature_store_close(work.store);
    return code;
}
