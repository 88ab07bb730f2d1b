/* SPDX-License-Identifier: MIT */
/* Pictures decoded ahead of the network.
 *
 * The reader's threads take pictures in the order in which the caller names them, decode them and write
 * network inputs into a ring of slots, one slot a view. The caller takes the slots in that same order,
 * whichever thread finished first, and so sees the same sequence for any number of threads. The ring bounds
 * the memory: a thread that is too far ahead waits for a free slot. */
#ifndef DN_IO_READER_H
#define DN_IO_READER_H

#include "io/duplicates.h"
#include "io/view.h"

#include <stdbool.h>
#include <stddef.h>

/* A picture to be read. */
typedef struct dni_reader_job {
    void *user_data;       /* the caller's; handed back with each slot of the picture */
    const char *path;      /* path and views must live until user_data is released */
    const dni_view *views; /* view_count >= 1 of them */
    int view_count;
    const dn_error *error; /* why it is known already that the picture cannot be read; NULL: read it */
} dni_reader_job;

typedef struct dni_reader_options {
    const dn_preprocessing *preprocessing;
    /* Fills in the next picture; false: there are no more. Called by one thread at a time, and never again
     * after it returned false. */
    bool (*next)(void *context, dni_reader_job *out);
    /* Frees a picture's user_data, after the caller has released its last slot; may be NULL. Called by any
     * thread. */
    void (*release)(void *user_data);
    void *context;    /* of next */
    int threads;      /* that decode; >= 1 */
    int batch;        /* the most slots to be taken at a time; >= 1 */
    bool fingerprint; /* each slot tells its picture's, made from the same decoding */
} dni_reader_options;

typedef struct dni_reader dni_reader;

typedef struct dni_reader_slot {
    void *user_data;
    const dni_view *view;
    dni_fingerprint print; /* zeros unless asked for */
    int frames;            /* that the picture's file holds, as dn_image has it */
} dni_reader_slot;

/* The next slots in order: `count` inputs that lie one after the other in memory; or, where `error` is set,
 * one picture that cannot be used, which then has no further slots. */
typedef struct dni_reader_run {
    const dni_reader_slot *slots;
    const float *inputs; /* (count, crop, crop, 3) */
    const dn_error *error;
    size_t count; /* 0: there are no more */
    size_t done;  /* how many views end with this run, those of unusable pictures included */
} dni_reader_run;

/* Starts the threads. DN_ERR_THREADS when one of them cannot be started; `next` was not called then. */
dn_status dni_reader_create(dni_reader **out, const dni_reader_options *options, dn_error *error);

/* Waits for the next slot in order and takes, up to `batch`, the slots after it that are filled already. The
 * run belongs to the caller until dni_reader_release(), which must come before the next take. */
dni_reader_run dni_reader_take(dni_reader *self);
void dni_reader_release(dni_reader *self);

/* Stops the threads, also in the middle of the pictures, and waits for them; a call of `next` that is under
 * way must return. NULL is fine. */
void dni_reader_free(dni_reader *self);

#endif
