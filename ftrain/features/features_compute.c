/* SPDX-License-Identifier: MIT */
/* Missing features: pictures are decoded ahead of the network, which takes their views in batches, on all
 * ranks of the run (ftrain/ranks/shared_pictures.h). Each record is in the store's journal before rank 0 goes
 * on, so that whatever ends the program loses a batch a rank and what was read ahead. */
#include "ftrain/features/features_compute.h"

#include "ftrain/ranks/shared_pictures.h"
#include "ftrain/shell/frames.h"
#include "ftrain/shell/interrupt.h"
#include "ftrain/shell/progress.h"

#include <stdlib.h>

/* Pictures of a batch: enough for each thread to have some of its own and for the small maps of several to be
 * one product. Beyond BATCH_LIMIT the inputs would fill memory, and threads have fewer, but two at least. */
enum { BATCH_PER_THREAD = 8, BATCH_LIMIT = 128, LEAST_PER_THREAD = 2 };

typedef struct computation {
    const feature_request *request;

    /* rank 0's */
    feature_collection *collection;
    size_t missing_count, next_item;
    bool lacks_memory; /* for the next picture's job */
    frame_note frames; /* of pictures that are decoded now */
    const feature_item *noted;

    /* the network, once it is needed */
    dn_model *model;
    dn_session *session;
    int batch;
} computation;

static outcome start_network(computation *self) {
    if (self->session) return OUTCOME_OK;
    const feature_request *request = self->request;
    const dn_weights *weights;
    const outcome code = lazy_weights_get(request->weights, &weights);
    if (code) return code;
    const int threads = dni_pool_threads(request->pool), crop = request->preprocessing.crop;
    dn_model_options model = network_model_options(&request->network);
    model.threads = threads;
    const dn_session_options session = {.struct_size = sizeof session,
                                        .batch = self->batch,
                                        .height = crop,
                                        .width = crop,
                                        .threads = threads};
    dn_error error;
    if (dn_model_create(&self->model, weights, &model, &error) ||
        dn_session_create(&self->session, self->model, &session, &error))
        return report(&error, OUTCOME_MODEL);
    return OUTCOME_OK;
}

/* Finds every item's missing views. */
static void plan(computation *self) {
    const feature_collection *collection = self->collection;
    for (size_t i = 0; i < collection->count; i++) {
        feature_item *item = &collection->items[i];
        const feature_source *source;
        features_sample(collection, i, &source);
        for (int v = 0; !item->is_unusable && v < source->view_count; v++) {
            if (features_has(collection, item, &source->views[v])) continue;
            item->missing |= UINT64_C(1) << v;
            self->missing_count++;
        }
    }
}

/* A picture that is being read: what its slots lead back to. */
typedef struct picture_job {
    feature_item *item;
    const char *path;
    dni_view views[MOST_VIEWS];
} picture_job;

static bool next_picture(void *context, dni_reader_job *out) {
    computation *self = context;
    const feature_collection *collection = self->collection;
    while (self->next_item < collection->count && !collection->items[self->next_item].missing)
        self->next_item++;
    if (self->next_item == collection->count) return false;
    picture_job *job = malloc(sizeof *job);
    self->lacks_memory = !job;
    if (!job) return false;
    const feature_source *source;
    job->path = features_sample(collection, self->next_item, &source)->path;
    job->item = &collection->items[self->next_item++];
    *out = (dni_reader_job){.user_data = job, .path = job->path, .views = job->views};
    for (int v = 0; v < source->view_count; v++)
        if (job->item->missing >> v & 1) job->views[out->view_count++] = source->views[v];
    return true;
}

/* What a signal prints from now on. */
static void say_kept(const computation *self) {
    interrupts_say("interrupted: %zu feature vectors are kept; the same command goes on from there",
                   dni_feature_store_count(self->collection->store));
}

/* Of a picture that was decoded for its features. */
static void keep_look(const feature_collection *collection, const dni_reader_slot *slot) {
    const picture_job *job = slot->user_data;
    if (!collection->looks) return;
    look *of = &collection->looks[job->item - collection->items];
    of->print.phash = slot->print.phash;
    of->is_known = true;
}

/* A picture's views are slots one behind the other. */
static void note_frames(computation *self, const dni_reader_slot *slot) {
    const picture_job *job = slot->user_data;
    if (job->item == self->noted) return;
    self->noted = job->item;
    frame_note_add(&self->frames, job->path, slot->frames);
}

static outcome put_batch(computation *self, const dni_reader_slot *slots, const float *records,
                         size_t count) {
    for (size_t i = 0; i < count; i++) {
        const picture_job *job = slots[i].user_data;
        const dni_key key = dni_key_of_view(&job->item->key, slots[i].view);
        note_frames(self, &slots[i]);
        keep_look(self->collection, &slots[i]);
        const float *record = records + i * (size_t)self->request->config->features;
        dn_error error;
        if (dni_feature_store_put(self->collection->store, &key, record, &error))
            return report(&error, OUTCOME_MACHINE);
    }
    return OUTCOME_OK;
}

/* ---- what is done with the pictures ---- */

static outcome compute_batch(void *context, const float *inputs, int count, void *records) {
    computation *self = context;
    const outcome code = start_network(self);
    if (code) return code;
    dn_error error;
    if (dn_session_forward(self->session, inputs, count, &(dn_outputs){.features = records}, &error))
        return report(&error, OUTCOME_MODEL);
    return OUTCOME_OK;
}

/* A copy of the picture may have got the view meanwhile. */
static bool is_known(void *context, const dni_reader_slot *slot) {
    const computation *self = context;
    const picture_job *job = slot->user_data;
    return features_has(self->collection, job->item, slot->view);
}

/* Signals wait meanwhile, so that a batch is kept whole. */
static outcome keep_batch(void *context, const dni_reader_slot *slots, const void *records, size_t count) {
    computation *self = context;
    const bool before = interrupts_wait(true);
    const outcome code = put_batch(self, slots, records, count);
    say_kept(self);
    interrupts_wait(before);
    return code;
}

static outcome skip(void *context, void *user_data, const dn_error *error) {
    const computation *self = context;
    const picture_job *job = user_data;
    return features_skip(self->collection, job->item, error);
}

static int batch_for(int threads) {
    const int wanted = threads * BATCH_PER_THREAD, least = threads * LEAST_PER_THREAD;
    if (wanted <= BATCH_LIMIT) return wanted;
    return least > BATCH_LIMIT ? least : BATCH_LIMIT;
}

static outcome open_pictures(shared_pictures **out, computation *self) {
    const feature_request *request = self->request;
    const int threads = dni_pool_threads(request->pool);
    self->batch = batch_for(threads);
    return shared_pictures_create(
        out, &(shared_pictures_options){.preprocessing = &request->preprocessing,
                                        .threads = threads,
                                        .batch = self->batch,
                                        .fingerprint = request->fingerprints,
                                        .result_size = (size_t)request->config->features * sizeof(float),
                                        .context = self,
                                        .next = next_picture,
                                        .release = free,
                                        .compute = compute_batch,
                                        .is_known = is_known,
                                        .keep = keep_batch,
                                        .fail = skip});
}

static outcome compute(computation *self) {
    shared_pictures *pictures;
    outcome code = open_pictures(&pictures, self);
    if (code) return code;
    progress_start("features", self->missing_count, self->request->options.quiet);
    say_kept(self);
    code = shared_pictures_run(pictures);
    if (!code && self->lacks_memory) code = report_no_memory();
    progress_end();
    frame_note_tell(&self->frames);
    shared_pictures_free(pictures);
    return code;
}

static void stop_network(computation *self) {
    dn_session_free(self->session);
    dn_model_free(self->model);
}

outcome features_compute(feature_collection *collection) {
    computation self = {.request = collection->request, .collection = collection};
    plan(&self);
    const outcome code = self.missing_count ? compute(&self) : OUTCOME_OK;
    stop_network(&self);
    return code;
}

outcome features_help(const feature_request *request) {
    computation self = {.request = request};
    shared_pictures *pictures;
    outcome code = open_pictures(&pictures, &self);
    if (!code) code = start_network(&self); /* while rank 0 hashes the pictures, or makes its own */
    if (!code) code = shared_pictures_run(pictures);
    shared_pictures_free(pictures);
    stop_network(&self);
    return code;
}
