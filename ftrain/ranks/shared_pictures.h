/* SPDX-License-Identifier: MIT */
/* Pictures that are read and computed by all ranks of a run, with the results on rank 0.
 *
 * Rank 0 names the pictures. Each rank reads ahead (io/reader.h) and takes what it has read in batches. Rank
 * 0 reads the next picture whenever it has room for it. A helper whose reader has taken all its pictures asks
 * for as many views as make a batch. So each rank gets what it can do, and one that is slow holds up a few
 * batches at most. A process alone is a rank 0 without helpers. */
#ifndef FTRAIN_RANKS_SHARED_PICTURES_H
#define FTRAIN_RANKS_SHARED_PICTURES_H

#include "ftrain/shell/outcome.h"
#include "io/reader.h"

#include <stdbool.h>
#include <stddef.h>

typedef struct shared_pictures_options {
    const dn_preprocessing *preprocessing;
    int threads;        /* that decode, >= 1 */
    int batch;          /* the most views that compute() is given */
    bool fingerprint;   /* slots tell their pictures' */
    size_t result_size; /* bytes of what compute() gives of a view */
    /* Pictures have one view each, and keep() and fail() get them in the order of next(). */
    bool in_order;
    void *context; /* of the functions below */

    /* On rank 0, as dni_reader_options has them; release may be NULL. */
    bool (*next)(void *context, dni_reader_job *out);
    void (*release)(void *user_data);

    /* On every rank: the results of `count` inputs, one behind the other. Returns OUTCOME_OK or, after a
     * message, another outcome, which ends the run. */
    outcome (*compute)(void *context, const float *inputs, int count, void *results);

    /* On rank 0, in the thread that runs. May be NULL; whether a view that rank 0 is about to compute is
     * known meanwhile. */
    bool (*is_known)(void *context, const dni_reader_slot *slot);
    /* The results of `count` views. Outcomes as compute()'s. */
    outcome (*keep)(void *context, const dni_reader_slot *slots, const void *results, size_t count);
    /* A picture that cannot be used, of next()'s user_data; it has no results beyond those that were kept. */
    outcome (*fail)(void *context, void *user_data, const dn_error *error);
} shared_pictures_options;

typedef struct shared_pictures shared_pictures;

/* Starts reading. Returns OUTCOME_OK or, after a message, another outcome; *out is then NULL. */
outcome shared_pictures_create(shared_pictures **out, const shared_pictures_options *options);
/* Goes through all pictures. progress_step() is told of the views that are done. Returns OUTCOME_OK or, after
 * a message, the outcome of what failed, on whichever rank that was. */
outcome shared_pictures_run(shared_pictures *self);
/* A call of next() that is under way must return. NULL is fine. */
void shared_pictures_free(shared_pictures *self);

#endif
