/* SPDX-License-Identifier: MIT */
/* A helper: it asks for pictures whenever it has named all that it has to its reader, which reads ahead, so
 * that the network has something to do until the next ones come. */
#include "ftrain/ranks/private.h"

#include "ftrain/shell/new_array.h"

#include <stdlib.h>
#include <string.h>

/* ---- pictures in ---- */

/* False: there are no more. */
static bool fetch_block(shared_pictures *self) {
    const size_t wanted = (size_t)self->options.batch;
    mail_send(0, LETTER_ASK, &wanted, sizeof wanted);
    letter *const one = ranks_await();
    if (!one) return false;
    free(self->block.bytes);
    self->block = (picture_block){.bytes = one->bytes, .size = one->size, .capacity = one->size};
    one->bytes = NULL;
    mail_free(one);
    return true;
}

bool helper_next(void *context, dni_reader_job *out) {
    shared_pictures *const self = context;
    dni_reader_job *job;
    do {
        if (!picture_block_next(&self->block, &job)) {
            self->lacks_memory = true;
            return false;
        }
    } while (!job && fetch_block(self));
    if (job) *out = *job;
    return job != NULL;
}

/* ---- results out ---- */

static outcome send_results(const shared_pictures *self, const dni_reader_run *run) {
    const size_t size = self->options.result_size, stride = sizeof(view_head) + size;
    char *const bytes = new_matrix(run->count, stride, 1);
    if (!bytes) return OUTCOME_MACHINE;
    for (size_t i = 0; i < run->count; i++) {
        const view_head head = {.print = run->slots[i].print, .frames = run->slots[i].frames};
        memcpy(bytes + i * stride, &head, sizeof head);
        memcpy(bytes + i * stride + sizeof head, (const char *)self->results + i * size, size);
    }
    mail_send(0, LETTER_RESULTS, bytes, run->count * stride);
    free(bytes);
    return OUTCOME_OK;
}

static outcome compute(const shared_pictures *self, const dni_reader_run *run) {
    const shared_pictures_options *options = &self->options;
    const outcome code = options->compute(options->context, run->inputs, (int)run->count, self->results);
    return !code ? send_results(self, run) : code;
}

outcome helper_run(shared_pictures *self) {
    outcome code = OUTCOME_OK;
    while (!code && !ranks_are_stopped()) {
        const dni_reader_run run = dni_reader_take(self->reader);
        if (!run.count) break;
        if (run.error)
            mail_send(0, LETTER_FAILURE, run.error, sizeof *run.error);
        else
            code = compute(self, &run);
        dni_reader_release(self->reader);
    }
    return code;
}
