/* SPDX-License-Identifier: MIT */
/* Rank 0: pictures are named, and what becomes of them is delivered. Between two of its own batches it looks
 * after the helpers. */
#include "ftrain/ranks/private.h"

#include "core/memory.h"
#include "ftrain/shell/message.h"
#include "ftrain/shell/new_array.h"
#include "ftrain/shell/progress.h"

#include <stdlib.h>
#include <string.h>

/* ---- tickets ---- */

/* The caller holds `naming`. */
static ticket *name(shared_pictures *self) {
    if (self->has_ended) return NULL;
    ticket *const one = calloc(1, sizeof *one);
    if (one && self->options.next(self->options.context, &one->job)) {
        one->owner = self;
        one->number = self->named++;
        atomic_init(&one->holders, 1);
        return one;
    }
    if (!one) self->lacks_memory = true;
    self->has_ended = true;
    free(one);
    return NULL;
}

ticket *ticket_new(shared_pictures *self, bool wait) {
    if (wait)
        pthread_mutex_lock(&self->naming);
    else if (pthread_mutex_trylock(&self->naming))
        return NULL;
    ticket *const one = name(self);
    pthread_mutex_unlock(&self->naming);
    return one;
}

void ticket_release(void *of) {
    ticket *const self = of;
    if (atomic_fetch_sub(&self->holders, 1) > 1) return;
    const shared_pictures_options *options = &self->owner->options;
    if (options->release) options->release(self->job.user_data);
    free(self);
}

static bool next_of_own(void *context, dni_reader_job *out) {
    ticket *const one = ticket_new(context, true);
    if (!one) return false;
    *out = one->job;
    out->user_data = one;
    return true;
}

/* ---- results ---- */

static outcome deliver_in_turn(shared_pictures *self) {
    const shared_pictures_options *options = &self->options;
    outcome code = OUTCOME_OK;
    for (ordered_result *one; !code && (one = result_order_take(&self->order));) {
        ticket *const of = one->slot.user_data;
        one->slot.user_data = of->job.user_data;
        code = one->error ? options->fail(options->context, of->job.user_data, one->error)
                          : options->keep(options->context, &one->slot, one->values, 1);
        ordered_result_free(one);
        ticket_release(of);
    }
    return code;
}

static outcome put_in_order(shared_pictures *self, const dni_reader_slot *slot, const dn_error *error,
                            const void *values) {
    ticket *const of = slot->user_data;
    if (!result_order_add(&self->order, of->number, slot, error, values, self->options.result_size))
        return report_no_memory();
    atomic_fetch_add(&of->holders, 1);
    return OUTCOME_OK;
}

outcome shared_pictures_deliver(shared_pictures *self, dni_reader_slot *slots, const void *results,
                                size_t count) {
    const shared_pictures_options *options = &self->options;
    outcome code = OUTCOME_OK;
    if (!options->in_order) {
        for (size_t i = 0; i < count; i++)
            slots[i].user_data = ((const ticket *)slots[i].user_data)->job.user_data;
        return options->keep(options->context, slots, results, count);
    }
    for (size_t i = 0; !code && i < count; i++)
        code = put_in_order(self, &slots[i], NULL, (const char *)results + i * options->result_size);
    return !code ? deliver_in_turn(self) : code;
}

outcome shared_pictures_refuse(shared_pictures *self, ticket *of, const dn_error *error) {
    if (!self->options.in_order) return self->options.fail(self->options.context, of->job.user_data, error);
    const outcome code = put_in_order(self, &(dni_reader_slot){.user_data = of}, error, NULL);
    return !code ? deliver_in_turn(self) : code;
}

void shared_pictures_progress(const shared_pictures *self) {
    progress_step(self->own_done + self->helped_done);
}

/* ---- rank 0's own pictures ---- */

/* Whether the first of the views that are left is known meanwhile: those of a copy of an earlier picture. */
static bool is_known(const shared_pictures *self, const dni_reader_run *run) {
    const shared_pictures_options *options = &self->options;
    if (!run->count || !options->is_known) return false;
    dni_reader_slot slot = run->slots[0];
    slot.user_data = ((const ticket *)slot.user_data)->job.user_data;
    return options->is_known(options->context, &slot);
}

static outcome compute(shared_pictures *self, dni_reader_run run) {
    const shared_pictures_options *options = &self->options;
    const size_t crop = (size_t)options->preprocessing->crop;
    while (is_known(self, &run)) {
        run.slots++;
        run.inputs += 3 * crop * crop;
        run.count--;
    }
    if (!run.count) return OUTCOME_OK;
    const outcome code = options->compute(options->context, run.inputs, (int)run.count, self->results);
    if (code) return code;
    memcpy(self->slots, run.slots, run.count * sizeof *self->slots);
    return shared_pictures_deliver(self, self->slots, self->results, run.count);
}

static outcome compute_own(shared_pictures *self, bool *is_reading) {
    const dni_reader_run run = dni_reader_take(self->reader);
    *is_reading = run.count > 0;
    if (!run.count) return OUTCOME_OK;
    const outcome code =
        run.error ? shared_pictures_refuse(self, run.slots->user_data, run.error) : compute(self, run);
    dni_reader_release(self->reader);
    self->own_done = run.done;
    if (!code) shared_pictures_progress(self);
    return code;
}

static outcome run_all(shared_pictures *self) {
    outcome code = OUTCOME_OK;
    for (bool is_reading = true; !code && (is_reading || self->out);) {
        code = desk_read(self, !is_reading);
        if (!code) code = desk_hand_out(self);
        if (!code && is_reading) code = compute_own(self, &is_reading);
    }
    return code;
}

outcome shared_pictures_run(shared_pictures *self) {
    const outcome code = ranks_is_helper() ? helper_run(self) : run_all(self);
    return !code && self->lacks_memory ? report_no_memory() : code;
}

/* ---- beginning and end ---- */

static bool allocate(shared_pictures *self) {
    const size_t batch = (size_t)self->options.batch;
    size_t bytes;
    if (!dni_size_mul(batch, self->options.result_size, &bytes)) return false;
    self->slots = calloc(batch, sizeof *self->slots);
    self->results = malloc(bytes);
    self->lines = calloc((size_t)ranks_count(), sizeof *self->lines);
    return self->slots && self->results && self->lines;
}

static outcome start_reading(shared_pictures *self) {
    const shared_pictures_options *options = &self->options;
    const dni_reader_options reader = {.preprocessing = options->preprocessing,
                                       .next = ranks_is_helper() ? helper_next : next_of_own,
                                       .release = ranks_is_helper() ? free : ticket_release,
                                       .context = self,
                                       .threads = options->threads,
                                       .batch = options->batch,
                                       .fingerprint = options->fingerprint};
    dn_error error;
    return dni_reader_create(&self->reader, &reader, &error) ? report(&error, OUTCOME_MACHINE) : OUTCOME_OK;
}

outcome shared_pictures_create(shared_pictures **out, const shared_pictures_options *options) {
    *out = NULL;
    shared_pictures *const self = calloc(1, sizeof *self);
    if (!self) return report_no_memory();
    self->options = *options;
    pthread_mutex_init(&self->naming, NULL);
    const outcome code = allocate(self) ? start_reading(self) : report_no_memory();
    if (code)
        shared_pictures_free(self);
    else
        *out = self;
    return code;
}

void shared_pictures_free(shared_pictures *self) {
    if (!self) return;
    mail_allow_waiting(false); /* a helper's next() may wait for rank 0 */
    dni_reader_free(self->reader);
    mail_allow_waiting(true);
    for (int i = 0; self->lines && i < ranks_count(); i++)
        for (ticket *one; (one = self->lines[i].first);) {
            self->lines[i].first = one->next;
            ticket_release(one);
        }
    for (ordered_result *one; (one = result_order_take_left(&self->order));) {
        ticket_release(one->slot.user_data);
        ordered_result_free(one);
    }
    pthread_mutex_destroy(&self->naming);
    free(self->lines);
    free(self->slots);
    free(self->results);
    free(self->block.bytes);
    free(self);
}
