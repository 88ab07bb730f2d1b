/* SPDX-License-Identifier: MIT */
/* The ring. Positions count the views from the first picture on; position p lies in slot p % capacity, and
 * always
 *
 *     released <= taken <= claimed,  taken <= released + batch,  written positions < released + capacity
 *
 * A thread that claims a picture gets the positions of all its views at once, in the pictures' order, and
 * waits for their slots one by one. The thread with the lowest unwritten position never waits for another
 * thread, only for the caller to release what it took, so the ring cannot lock up, however many views a
 * picture has. */
#include "io/reader.h"

#include "core/error.h"
#include "core/memory.h"
#include "io/orientation.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

typedef enum slot_state { EMPTY, READY, FAILED, LEFT_OUT } slot_state;

struct dni_reader {
    dni_reader_options options;
    size_t capacity, floats; /* slots; floats of an input */
    float *inputs;           /* (capacity, crop, crop, 3) */
    dni_reader_slot *slots;
    dn_error *errors; /* of slots that failed */
    slot_state *states;
    bool *last; /* whether it is its picture's last slot */

    pthread_mutex_t naming; /* held while the next picture is asked for */
    pthread_mutex_t ring;   /* guards what follows, and states */
    pthread_cond_t space, filled;
    size_t claimed, taken, released;
    bool ended, stopped;

    pthread_t *threads;
    int thread_count;
};

/* ---- the threads ---- */

/* The next picture and the position of its first view; false when there is nothing more to do. */
static bool claim(dni_reader *self, dni_reader_job *job, size_t *position) {
    pthread_mutex_lock(&self->naming);
    pthread_mutex_lock(&self->ring);
    bool found = !self->ended && !self->stopped;
    pthread_mutex_unlock(&self->ring);
    if (found) {
        found = self->options.next(self->options.context, job);
        pthread_mutex_lock(&self->ring);
        *position = self->claimed;
        if (found)
            self->claimed += (size_t)job->view_count;
        else
            self->ended = true;
        pthread_cond_signal(&self->filled);
        pthread_mutex_unlock(&self->ring);
    }
    pthread_mutex_unlock(&self->naming);
    return found;
}

/* False when the reader was stopped meanwhile. */
static bool wait_for_slot(dni_reader *self, size_t position) {
    pthread_mutex_lock(&self->ring);
    while (position >= self->released + self->capacity && !self->stopped)
        pthread_cond_wait(&self->space, &self->ring);
    const bool going = !self->stopped;
    pthread_mutex_unlock(&self->ring);
    return going;
}

static float *input_at(const dni_reader *self, size_t position) {
    return self->inputs + position % self->capacity * self->floats;
}

/* `of` is the slot of any view: the picture's. */
static void publish(dni_reader *self, const dni_reader_job *job, int view, const dni_reader_slot *of,
                    size_t position, slot_state state) {
    const size_t i = position % self->capacity;
    self->slots[i] = *of;
    self->slots[i].view = &job->views[view];
    self->last[i] = view + 1 == job->view_count;
    pthread_mutex_lock(&self->ring);
    self->states[i] = state;
    pthread_cond_signal(&self->filled);
    pthread_mutex_unlock(&self->ring);
}

static dn_status load(const dni_reader *self, dn_image *out, dni_fingerprint *print,
                      const dni_reader_job *job, dn_error *error) {
    const dn_preprocessing *preprocessing = self->options.preprocessing;
    if (!job->error && !self->options.fingerprint)
        return dni_image_load_as(out, job->path, preprocessing, error);
    if (!job->error) {
        /* Fingerprints are of files as they are, whatever becomes of the picture. */
        const dn_status status = dni_fingerprint_load(print, out, job->path, error);
        return status ? status : dni_image_turn_as(out, job->path, preprocessing, error);
    }
    *error = *job->error;
    return error->status;
}

static dn_status make_input(const dni_reader *self, const dni_reader_job *job, int view,
                            const dn_image *image, float *out, dn_error *error) {
    dn_error reason;
    const dn_status status =
        dni_view_to_input(&job->views[view], image, self->options.preprocessing, out, &reason);
    return status ? dni_fail(error, status, "%.400s: %.600s", job->path, reason.message) : DN_OK;
}

static bool is_mirrored(const dni_view *view, const dni_view *of) {
    return view->kind == of->kind && view->amount == of->amount && view->flip && !of->flip;
}

/* Fills the picture's slots; the last of them then owns the picture's user_data. False when the reader was
 * stopped before, and user_data is still to be released. */
static bool read_picture(dni_reader *self, const dni_reader_job *job, size_t first) {
    const int side = self->options.preprocessing->crop;
    dn_image image = {0};
    dn_error error;
    dni_reader_slot slot = {.user_data = job->user_data};
    dn_status status = load(self, &image, &slot.print, job, &error);
    slot.frames = image.frames;
    bool going = true, reported = false;
    for (int v = 0, step; v < job->view_count; v += step) {
        const size_t position = first + (size_t)v;
        /* A view and its mirrored twin are filled together before the first is published: the caller may
         * release a published slot at once, and another thread write into it. */
        step = v + 1 < job->view_count && is_mirrored(&job->views[v + 1], &job->views[v]) ? 2 : 1;
        going = wait_for_slot(self, position + (size_t)step - 1);
        if (!going) break;
        if (!status) status = make_input(self, job, v, &image, input_at(self, position), &error);
        if (!status && step == 2)
            dni_mirror_input(input_at(self, position), side, input_at(self, position + 1));
        for (int i = 0; i < step; i++) {
            if (status && !reported) self->errors[(position + (size_t)i) % self->capacity] = error;
            publish(self, job, v + i, &slot, position + (size_t)i,
                    !status    ? READY
                    : reported ? LEFT_OUT
                               : FAILED);
            reported = reported || status;
        }
    }
    dn_image_free(&image);
    return going;
}

static void release_user_data(const dni_reader *self, void *user_data) {
    if (self->options.release) self->options.release(user_data);
}

static void *work(void *context) {
    dni_reader *self = context;
    dni_reader_job job;
    size_t position;
    while (claim(self, &job, &position))
        if (!read_picture(self, &job, position)) release_user_data(self, job.user_data);
    return NULL;
}

/* ---- the caller ---- */

/* Empties the slot at `released`. */
static void release_one(dni_reader *self) {
    const size_t i = self->released++ % self->capacity;
    self->states[i] = EMPTY;
    if (self->last[i]) release_user_data(self, self->slots[i].user_data);
}

dni_reader_run dni_reader_take(dni_reader *self) {
    pthread_mutex_lock(&self->ring);
    size_t i;
    for (;;) {
        i = self->taken % self->capacity;
        if (self->states[i] == LEFT_OUT) {
            self->taken++;
            release_one(self);
            pthread_cond_broadcast(&self->space);
        } else if (self->states[i] != EMPTY || (self->ended && self->taken == self->claimed)) {
            break;
        } else {
            pthread_cond_wait(&self->filled, &self->ring);
        }
    }
    size_t count = self->states[i] == FAILED;
    while (count < (size_t)self->options.batch && i + count < self->capacity && self->states[i] == READY &&
           self->states[i + count] == READY)
        count++;
    self->taken += count;
    const dni_reader_run run = {.slots = self->slots + i,
                                .inputs = input_at(self, i),
                                .error = self->states[i] == FAILED ? &self->errors[i] : NULL,
                                .count = count,
                                .done = self->taken};
    pthread_mutex_unlock(&self->ring);
    return run;
}

void dni_reader_release(dni_reader *self) {
    pthread_mutex_lock(&self->ring);
    while (self->released < self->taken) release_one(self);
    pthread_cond_broadcast(&self->space);
    pthread_mutex_unlock(&self->ring);
}

/* ---- beginning and end ---- */

static bool allocate(dni_reader *self) {
    const size_t side = (size_t)self->options.preprocessing->crop;
    size_t bytes;
    self->floats = 3 * side * side;
    if (!dni_size_mul(self->capacity, self->floats * sizeof(float), &bytes)) return false;
    self->inputs = malloc(bytes);
    self->slots = calloc(self->capacity, sizeof *self->slots);
    self->errors = calloc(self->capacity, sizeof *self->errors);
    self->states = calloc(self->capacity, sizeof *self->states);
    self->last = calloc(self->capacity, sizeof *self->last);
    self->threads = calloc((size_t)self->options.threads, sizeof *self->threads);
    return self->inputs && self->slots && self->errors && self->states && self->last && self->threads;
}

/* No picture is asked for before all threads are there: who is asked may wait for a user's input, and could
 * not be called off. */
static dn_status start_threads(dni_reader *self, dn_error *error) {
    const int threads = self->options.threads;
    int refused = 0;
    pthread_mutex_lock(&self->naming);
    while (self->thread_count < threads && !refused) {
        refused = pthread_create(&self->threads[self->thread_count], NULL, work, self);
        if (!refused) self->thread_count++;
    }
    if (refused) self->stopped = true;
    pthread_mutex_unlock(&self->naming);
    return refused ? dni_no_thread(error, refused, "thread %d of %d for reading pictures",
                                   self->thread_count + 1, threads)
                   : DN_OK;
}

dn_status dni_reader_create(dni_reader **out, const dni_reader_options *options, dn_error *error) {
    *out = NULL;
    dni_reader *self = calloc(1, sizeof *self);
    if (!self) return dni_no_memory(error, "reading pictures");
    self->options = *options;
    self->capacity = 2 * (size_t)options->batch;
    pthread_mutex_init(&self->naming, NULL);
    pthread_mutex_init(&self->ring, NULL);
    pthread_cond_init(&self->space, NULL);
    pthread_cond_init(&self->filled, NULL);
    if (!allocate(self)) {
        dni_reader_free(self);
        return dni_no_memory(error, "reading %zu pictures ahead", 2 * (size_t)options->batch);
    }
    const dn_status status = start_threads(self, error);
    if (status) {
        dni_reader_free(self);
        return status;
    }
    *out = self;
    return DN_OK;
}

void dni_reader_free(dni_reader *self) {
    if (!self) return;
    pthread_mutex_lock(&self->ring);
    self->stopped = true;
    pthread_cond_broadcast(&self->space);
    pthread_mutex_unlock(&self->ring);
    for (int i = 0; i < self->thread_count; i++) pthread_join(self->threads[i], NULL);
    for (size_t i = 0; self->states && i < self->capacity; i++)
        if (self->states[i] != EMPTY && self->last[i]) release_user_data(self, self->slots[i].user_data);
    pthread_cond_destroy(&self->filled);
    pthread_cond_destroy(&self->space);
    pthread_mutex_destroy(&self->ring);
    pthread_mutex_destroy(&self->naming);
    free(self->inputs);
    free(self->slots);
    free(self->errors);
    free(self->states);
    free(self->last);
    free(self->threads);
    free(self);
}
