/* SPDX-License-Identifier: MIT */
/* Missing features: pictures are decoded ahead of the network (io/reader.h), which takes their views in
 * batches, in order. Each record is in the store's journal before the next batch begins, so that whatever
 * ends the program loses one batch and what was read ahead. */
#include "ftrain/features/features_compute.h"

#include "ftrain/shell/frames.h"
#include "ftrain/shell/interrupt.h"
#include "ftrain/shell/progress.h"
#include "io/reader.h"

#include <stdlib.h>

/* Pictures of a batch: enough for each thread to have some of its own and for the small maps of several to be
 * one product. Beyond BATCH_LIMIT the inputs would fill memory, and threads have fewer, but two at least. */
enum { BATCH_PER_THREAD = 8, BATCH_LIMIT = 128, LEAST_PER_THREAD = 2 };

typedef struct computation {
    feature_collection *collection;
    size_t missing_count, next_item;
    bool lacks_memory; /* for the next picture's job */
    frame_note frames; /* of pictures that are decoded now */
    const feature_item *noted;

    /* the network, once it is needed */
    dn_model *model;
    dn_session *session;
    int batch;
    float *features; /* (batch, features) */
} computation;

static outcome start_network(computation *self) {
    if (self->session) return OUTCOME_OK;
    const feature_request *request = self->collection->request;
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

static outcome put_batch(const computation *self, const dni_reader_run *run) {
    const feature_collection *collection = self->collection;
    for (size_t i = 0; i < run->count; i++) {
        const picture_job *job = run->slots[i].user_data;
        const dni_key key = dni_key_of_view(&job->item->key, run->slots[i].view);
        keep_look(collection, &run->slots[i]);
        const float *record = self->features + i * (size_t)collection->request->config->features;
        dn_error error;
        if (dni_feature_store_put(collection->store, &key, record, &error))
            return report(&error, OUTCOME_MACHINE);
    }
    return OUTCOME_OK;
}

/* Signals wait meanwhile, so that a batch is kept whole. */
static outcome keep_batch(const computation *self, const dni_reader_run *run) {
    const bool before = interrupts_wait(true);
    const outcome code = put_batch(self, run);
    say_kept(self);
    interrupts_wait(before);
    return code;
}

static outcome compute_batch(computation *self, const dni_reader_run *run) {
    const outcome code = start_network(self);
    if (code) return code;
    dn_error error;
    if (dn_session_forward(self->session, run->inputs, (int)run->count,
                           &(dn_outputs){.features = self->features}, &error))
        return report(&error, OUTCOME_MODEL);
    return keep_batch(self, run);
}

/* Leaves out the first views that a copy of the picture has got meanwhile. */
static dni_reader_run without_copies(const feature_collection *collection, dni_reader_run run,
                                     size_t floats) {
    for (const picture_job *job; run.count;) {
        job = run.slots->user_data;
        if (!features_has(collection, job->item, run.slots->view)) break;
        run.slots++;
        run.inputs += floats;
        run.count--;
    }
    return run;
}

/* A picture's views are slots one behind the other. */
static void note_frames(computation *self, const dni_reader_run *run) {
    for (size_t i = 0; i < run->count; i++) {
        const picture_job *job = run->slots[i].user_data;
        if (job->item == self->noted) continue;
        self->noted = job->item;
        frame_note_add(&self->frames, job->path, run->slots[i].frames);
    }
}

static outcome compute_run(computation *self, const dni_reader_run *run) {
    const picture_job *job = run->slots->user_data;
    if (run->error) return features_skip(self->collection, job->item, run->error);
    note_frames(self, run);
    const size_t crop = (size_t)self->collection->request->preprocessing.crop;
    const dni_reader_run fresh = without_copies(self->collection, *run, 3 * crop * crop);
    return fresh.count ? compute_batch(self, &fresh) : OUTCOME_OK;
}

static outcome compute_missing(computation *self, dni_reader *pictures) {
    for (;;) {
        const dni_reader_run run = dni_reader_take(pictures);
        if (!run.count) return self->lacks_memory ? report_no_memory() : OUTCOME_OK;
        const outcome code = compute_run(self, &run);
        dni_reader_release(pictures);
        if (code) return code;
        progress_step(run.done);
    }
}

static int batch_for(int threads) {
    const int wanted = threads * BATCH_PER_THREAD, least = threads * LEAST_PER_THREAD;
    if (wanted <= BATCH_LIMIT) return wanted;
    return least > BATCH_LIMIT ? least : BATCH_LIMIT;
}

static outcome compute(computation *self) {
    const feature_request *request = self->collection->request;
    const int threads = dni_pool_threads(request->pool);
    self->batch = batch_for(threads);
    self->features = malloc((size_t)self->batch * (size_t)request->config->features * sizeof(float));
    if (!self->features) return report_no_memory();
    const dni_reader_options options = {.preprocessing = &request->preprocessing,
                                        .next = next_picture,
                                        .release = free,
                                        .context = self,
                                        .threads = threads,
                                        .batch = self->batch,
                                        .fingerprint = request->fingerprints};
    dni_reader *pictures;
    dn_error error;
    if (dni_reader_create(&pictures, &options, &error)) return report(&error, OUTCOME_MACHINE);
    progress_start("features", self->missing_count, request->options.quiet);
    say_kept(self);
    const outcome code = compute_missing(self, pictures);
    progress_end();
    frame_note_tell(&self->frames);
    dni_reader_free(pictures);
    return code;
}

outcome features_compute(feature_collection *collection) {
    computation self = {.collection = collection};
    plan(&self);
    const outcome code = self.missing_count ? compute(&self) : OUTCOME_OK;
    free(self.features);
    dn_session_free(self.session);
    dn_model_free(self.model);
    return code;
}
