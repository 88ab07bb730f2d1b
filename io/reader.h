/* Pictures decoded ahead of the network.
 *
 * Threads of their own take pictures in the order in which they are named, decode them and write network
 * inputs into a ring of slots, a slot a view; the caller takes the slots in that order, whoever finished
 * first, and so sees the same sequence for any number of threads. The ring bounds the memory: a thread that
 * is further ahead waits for a slot. */
#ifndef DN_IO_READER_H
#define DN_IO_READER_H

#include "io/view.h"

#include <stdbool.h>
#include <stddef.h>

/* A picture to be read. */
typedef struct dni_reader_job {
    void *owner;           /* handed back with each of its slots */
    const char *path;      /* these live as long as the owner */
    const dni_view *views; /* view_count >= 1 of them */
    int view_count;
    const dn_error *error; /* why it is known not to be readable; NULL: read it */
} dni_reader_job;

typedef struct dni_reader_options {
    const dn_preprocessing *preprocessing;
    /* Names the next picture; false: there are no more. Called by one thread at a time, and never after it
     * returned false. */
    bool (*next)(void *context, dni_reader_job *out);
    /* Lets go of an owner, after its last slot; may be NULL. Called by any thread. */
    void (*drop)(void *owner);
    void *context; /* of next */
    int threads;   /* that decode; >= 1 */
    int batch;     /* the most slots to be taken at a time; >= 1 */
} dni_reader_options;

typedef struct dni_reader dni_reader;

/* The first slots of what is left, in order: either `count` inputs that lie one behind the other, or, where
 * `error` is not NULL, the one picture whose turn it is and that cannot be used: it has no further slots. */
typedef struct dni_reader_slot {
    void *owner;
    const dni_view *view;
} dni_reader_slot;

typedef struct dni_reader_run {
    const dni_reader_slot *slots;
    const float *inputs; /* (count, crop, crop, 3) */
    const dn_error *error;
    size_t count; /* 0: there are no more */
    size_t done;  /* views until the end of this run, with those that unusable pictures lack */
} dni_reader_run;

/* Starts the threads. DN_ERR_THREADS, and no picture was asked for, where one of them cannot be started. */
dn_status dni_reader_create(dni_reader **out, const dni_reader_options *options, dn_error *error);

/* Waits for the slot whose turn it is, and takes with it what is there behind it; it belongs to the caller
 * until dni_reader_release(), which must come before the next take. */
dni_reader_run dni_reader_take(dni_reader *self);
void dni_reader_release(dni_reader *self);

/* Stops the threads, wherever they are. `next` must return by itself. NULL is fine. */
void dni_reader_free(dni_reader *self);

#endif
