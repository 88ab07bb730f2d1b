/* SPDX-License-Identifier: MIT */
/* Pictures on their way through the network. */
#include "ftrain/serve/pipeline.h"

#include "core/clock.h"
#include "core/error.h"
#include "core/memory.h"
#include "ftrain/page/thumbnail.h"
#include "head/classifier/backbone.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* So many decoded pictures may wait for the network; the rest waits undecoded, which takes less memory. */
enum { MAX_READY = 2 * PIPELINE_BATCH };

/* One call of pipeline_run(), on its thread's stack. */
typedef struct pipeline_run_state {
    pthread_cond_t done;
    size_t left;
} pipeline_run_state;

typedef struct job_list {
    pipeline_job *first, *last;
} job_list;

struct pipeline {
    dn_classifier *classifier;
    const dn_classifier_info *info;
    size_t floats; /* of an input */
    int capacity;
    float *inputs;        /* (PIPELINE_BATCH, crop, crop, 3) */
    float *probabilities; /* (PIPELINE_BATCH, classes) */
    pipeline_counts counts;

    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t arrived, ready, taken;
    job_list waiting; /* to be decoded */
    job_list decoded;
    int decoded_count; /* being decoded and decoded: never more than MAX_READY */
    int pending;
    bool is_ending;

    pthread_t network;
    pthread_t *decoders;
    int decoder_count;
    bool has_network;
};

/* ---- lists ---- */

static void append(job_list *list, pipeline_job *job) {
    job->next = NULL;
    if (list->last)
        list->last->next = job;
    else
        list->first = job;
    list->last = job;
}

static pipeline_job *take_first(job_list *list) {
    pipeline_job *job = list->first;
    list->first = job->next;
    if (!list->first) list->last = NULL;
    return job;
}

/* ---- one picture ---- */

void pipeline_job_clear(pipeline_job *job) {
    free(job->probabilities);
    free(job->evidence);
    free(job->input);
    dn_image_free(&job->picture);
    job->probabilities = job->evidence = job->input = NULL;
}

static dn_status allocate(const pipeline *self, pipeline_job *job) {
    int height, width;
    dn_classifier_map_size(self->classifier, &height, &width);
    const size_t places = (size_t)height * (size_t)width;
    job->input = malloc(self->floats * sizeof *job->input);
    job->probabilities = malloc((size_t)self->info->class_count * sizeof *job->probabilities);
    if (job->is_explained) job->evidence = malloc(places * sizeof *job->evidence);
    if (job->input && job->probabilities && (job->evidence || !job->is_explained)) return DN_OK;
    return dni_no_memory(&job->error, "%s", job->name);
}

static void decode(const pipeline *self, pipeline_job *job) {
    dn_image image = {0};
    dn_status status = dn_image_decode(&image, job->bytes, job->size, job->name, &job->error);
    if (!status && self->info->preprocessing.exif_rotate) status = dn_image_turn_upright(&image, &job->error);
    if (!status) status = allocate(self, job);
    if (!status) status = dn_image_to_input(&image, &self->info->preprocessing, 0, job->input, &job->error);
    if (!status && job->is_explained)
        status = thumbnail_shrink(&job->picture, &image, job->picture_size, &job->error);
    if (!status) job->error.status = DN_OK;
    dn_image_free(&image);
}

/* With the lock held. */
static void finish_job(pipeline *self, pipeline_job *job) {
    self->pending--;
    self->decoded_count--;
    pthread_cond_signal(&self->taken);
    atomic_fetch_add(job->error.status   ? &self->counts.refused
                     : job->is_explained ? &self->counts.explained
                                         : &self->counts.judged,
                     1);
    if (--job->run->left == 0) pthread_cond_signal(&job->run->done);
}

/* ---- the threads ---- */

static void *run_decoder(void *context) {
    pipeline *self = context;
    pthread_mutex_lock(&self->lock);
    for (;;) {
        while (!self->is_ending && (!self->waiting.first || self->decoded_count >= MAX_READY))
            pthread_cond_wait(self->waiting.first ? &self->taken : &self->arrived, &self->lock);
        if (self->is_ending) break;
        pipeline_job *job = take_first(&self->waiting);
        self->decoded_count++;
        pthread_mutex_unlock(&self->lock);
        decode(self, job);
        pthread_mutex_lock(&self->lock);
        if (job->error.status) {
            finish_job(self, job);
        } else {
            append(&self->decoded, job);
            pthread_cond_signal(&self->ready);
        }
    }
    pthread_mutex_unlock(&self->lock);
    return NULL;
}

/* With the lock held: one picture to explain, or all that are only to be judged, from the first on. */
static int take_batch(pipeline *self, pipeline_job **batch) {
    int count = 0;
    batch[count++] = take_first(&self->decoded);
    while (!batch[0]->is_explained && count < PIPELINE_BATCH && self->decoded.first &&
           !self->decoded.first->is_explained)
        batch[count++] = take_first(&self->decoded);
    return count;
}

/* Of the pictures that went through the network just now. */
static dn_status tell_unfamiliarity(const pipeline *self, int count, double *percentiles, dn_error *error) {
    for (int i = 0; i < count; i++) percentiles[i] = (double)NAN;
    return self->info->novelty ? dni_classifier_unfamiliarity(self->classifier, count, percentiles, error)
                               : DN_OK;
}

static void explain_job(pipeline *self, pipeline_job *job) {
    if (!dni_classifier_explain_input(self->classifier, job->input, &job->class_index, job->evidence,
                                      job->probabilities, &job->error) &&
        !tell_unfamiliarity(self, 1, &job->unfamiliarity, &job->error))
        job->error.status = DN_OK;
}

static void judge_batch(pipeline *self, pipeline_job **batch, int count) {
    const size_t classes = (size_t)self->info->class_count;
    double percentiles[PIPELINE_BATCH] = {0}; /* of what has failed, too */
    dn_error error = {.status = DN_OK};
    for (int i = 0; i < count; i++)
        memcpy(self->inputs + (size_t)i * self->floats, batch[i]->input, self->floats * sizeof(float));
    if (!dni_classifier_predict_inputs(self->classifier, self->inputs, count, self->probabilities, &error) &&
        !tell_unfamiliarity(self, count, percentiles, &error))
        error.status = DN_OK;
    for (int i = 0; i < count; i++) {
        batch[i]->error = error;
        batch[i]->unfamiliarity = percentiles[i];
        memcpy(batch[i]->probabilities, self->probabilities + (size_t)i * classes, classes * sizeof(float));
    }
}

static void *run_network(void *context) {
    pipeline *self = context;
    pipeline_job *batch[PIPELINE_BATCH];
    pthread_mutex_lock(&self->lock);
    for (;;) {
        while (!self->is_ending && !self->decoded.first) pthread_cond_wait(&self->ready, &self->lock);
        if (self->is_ending) break;
        const int count = take_batch(self, batch);
        pthread_mutex_unlock(&self->lock);
        const double begin = dni_clock_seconds();
        if (batch[0]->is_explained)
            explain_job(self, batch[0]);
        else
            judge_batch(self, batch, count);
        histogram_add(&self->counts.batches, count);
        histogram_add(&self->counts.network_seconds, dni_clock_seconds() - begin);
        pthread_mutex_lock(&self->lock);
        for (int i = 0; i < count; i++) finish_job(self, batch[i]);
    }
    pthread_mutex_unlock(&self->lock);
    return NULL;
}

/* ---- runs ---- */

bool pipeline_run(pipeline *self, pipeline_job *jobs, size_t count) {
    if (!count) return true;
    pipeline_run_state run = {.left = count};
    pthread_mutex_lock(&self->lock);
    if (count > (size_t)(self->capacity - self->pending)) {
        pthread_mutex_unlock(&self->lock);
        atomic_fetch_add(&self->counts.turned_away, count);
        return false;
    }
    pthread_cond_init(&run.done, NULL);
    self->pending += (int)count;
    for (size_t i = 0; i < count; i++) {
        jobs[i].run = &run;
        append(&self->waiting, &jobs[i]);
    }
    pthread_cond_broadcast(&self->arrived);
    while (run.left) pthread_cond_wait(&run.done, &self->lock);
    pthread_mutex_unlock(&self->lock);
    pthread_cond_destroy(&run.done);
    return true;
}

const dn_classifier_info *pipeline_info(const pipeline *self) {
    return self->info;
}

void pipeline_map_size(const pipeline *self, int *height, int *width) {
    dn_classifier_map_size(self->classifier, height, width);
}

int pipeline_capacity(const pipeline *self) {
    return self->capacity;
}

int pipeline_pending(pipeline *self) {
    pthread_mutex_lock(&self->lock);
    const int pending = self->pending;
    pthread_mutex_unlock(&self->lock);
    return pending;
}

pipeline_counts *pipeline_get_counts(pipeline *self) {
    return &self->counts;
}

/* ---- beginning and end ---- */

static dn_status start(pipeline *self, int decoders, dn_error *error) {
    const size_t classes = (size_t)self->info->class_count;
    self->inputs = malloc(PIPELINE_BATCH * self->floats * sizeof *self->inputs);
    self->probabilities = malloc(PIPELINE_BATCH * classes * sizeof *self->probabilities);
    self->decoders = calloc((size_t)decoders, sizeof *self->decoders);
    if (!self->inputs || !self->probabilities || !self->decoders) return dni_no_memory(error, "serve");
    int refused = pthread_create(&self->network, NULL, run_network, self);
    if (refused) return dni_no_thread(error, refused, "the network's thread");
    self->has_network = true;
    for (; self->decoder_count < decoders; self->decoder_count++) {
        refused = pthread_create(&self->decoders[self->decoder_count], NULL, run_decoder, self);
        if (refused) return dni_no_thread(error, refused, "decoding thread %d", self->decoder_count + 1);
    }
    return DN_OK;
}

outcome pipeline_create(pipeline **out, dn_classifier *classifier, int decoders, int capacity) {
    static const double sizes[] = {1, 2, 3, 4, 6, 8, 12, PIPELINE_BATCH};
    *out = NULL;
    pipeline *self = calloc(1, sizeof *self);
    if (!self) return report_no_memory();
    self->classifier = classifier;
    self->info = dn_classifier_get_info(classifier);
    const size_t crop = (size_t)self->info->preprocessing.crop;
    self->floats = crop * crop * 3;
    self->capacity = capacity;
    self->counts.batches = (histogram){.bounds = sizes, .bound_count = sizeof sizes / sizeof *sizes};
    self->counts.network_seconds = histogram_of_seconds();
    pthread_mutex_init(&self->lock, NULL);
    pthread_cond_init(&self->arrived, NULL);
    pthread_cond_init(&self->ready, NULL);
    pthread_cond_init(&self->taken, NULL);
    dn_error error;
    if (start(self, decoders, &error)) {
        pipeline_free(self);
        return report(&error, OUTCOME_MACHINE);
    }
    *out = self;
    return OUTCOME_OK;
}

void pipeline_free(pipeline *self) {
    if (!self) return;
    pthread_mutex_lock(&self->lock);
    self->is_ending = true;
    pthread_cond_broadcast(&self->arrived);
    pthread_cond_broadcast(&self->ready);
    pthread_cond_broadcast(&self->taken);
    pthread_mutex_unlock(&self->lock);
    if (self->has_network) pthread_join(self->network, NULL);
    for (int i = 0; i < self->decoder_count; i++) pthread_join(self->decoders[i], NULL);
    pthread_cond_destroy(&self->arrived);
    pthread_cond_destroy(&self->ready);
    pthread_cond_destroy(&self->taken);
    pthread_mutex_destroy(&self->lock);
    free(self->decoders);
    free(self->probabilities);
    free(self->inputs);
    free(self);
}
