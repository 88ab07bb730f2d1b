/* SPDX-License-Identifier: MIT */
/* What the files of shared_pictures share: shared_pictures.c (rank 0's own part), desk.c (rank 0 and its
 * helpers), helper.c. */
#ifndef FTRAIN_RANKS_PRIVATE_H
#define FTRAIN_RANKS_PRIVATE_H

#include "ftrain/ranks/picture_block.h"
#include "ftrain/ranks/ranks.h"
#include "ftrain/ranks/result_order.h"
#include "ftrain/ranks/shared_pictures.h"

#include <pthread.h>
#include <stdatomic.h>

/* A picture that next() has named, while its results are out. */
typedef struct ticket {
    dni_reader_job job;
    shared_pictures *owner;
    size_t number;       /* from 0, in the order of next() */
    atomic_int holders;  /* the last of them releases the picture */
    int views_done;      /* of a picture that a helper has */
    struct ticket *next; /* in that helper's line */
} ticket;

/* What a helper has to do yet; it does it in this order. */
typedef struct helper_line {
    ticket *first, *last;
    size_t asked; /* views that it wants; 0: it has enough */
} helper_line;

/* What a helper sends of each view, before its result. */
typedef struct view_head {
    dni_fingerprint print;
    int frames;
} view_head;

struct shared_pictures {
    shared_pictures_options options;
    dni_reader *reader;
    dni_reader_slot *slots; /* (batch) */
    void *results;          /* (batch) of result_size bytes */
    atomic_bool lacks_memory;

    /* rank 0 */
    pthread_mutex_t naming; /* next() is called by the reader's threads and for the helpers */
    bool has_ended;         /* next() has said so */
    size_t named;           /* pictures */
    result_order order;
    helper_line *lines;           /* (ranks) */
    size_t out;                   /* pictures that helpers have */
    size_t own_done, helped_done; /* views */

    /* a helper */
    picture_block block;
};

/* ---- shared_pictures.c ---- */

/* The next picture, held once; NULL: there are no more, or memory is out, or, without `wait`, another thread
 * is asking for one. */
ticket *ticket_new(shared_pictures *self, bool wait);
void ticket_release(void *of); /* a ticket */

/* Gives the results of some views to keep(), or puts them in order first. The slots, whose user_data are
 * tickets, are changed. */
outcome shared_pictures_deliver(shared_pictures *self, dni_reader_slot *slots, const void *results,
                                size_t count);
/* The same for a picture that cannot be used. */
outcome shared_pictures_refuse(shared_pictures *self, ticket *of, const dn_error *error);
void shared_pictures_progress(const shared_pictures *self);

/* ---- desk.c ---- */

/* Gives pictures to the helpers that have asked. */
outcome desk_hand_out(shared_pictures *self);
/* Takes the letters that have come; `wait`: at least one. */
outcome desk_read(shared_pictures *self, bool wait);

/* ---- helper.c ---- */

/* A dni_reader_options' next: pictures that rank 0 hands out. */
bool helper_next(void *context, dni_reader_job *out);
outcome helper_run(shared_pictures *self);

#endif
