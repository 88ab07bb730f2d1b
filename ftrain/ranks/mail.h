/* SPDX-License-Identifier: MIT */
/* Letters between the processes of a run: the one place that knows MPI (mail_mpi.c), or does without
 * (mail_absent.c).
 *
 * A thread of its own carries the letters, and sleeps for a moment where there is nothing to do, so that a
 * process that waits takes no core from one that works, and letters travel while the network computes.
 * Letters of one process to another arrive in the order in which they were sent. Where MPI fails, or memory
 * for a letter, all processes of the run are ended: none may wait for ever for another. */
#ifndef FTRAIN_RANKS_MAIL_H
#define FTRAIN_RANKS_MAIL_H

#include "ftrain/shell/outcome.h"

#include <stdbool.h>
#include <stddef.h>

typedef struct letter {
    int peer; /* the rank that it comes from, or goes to */
    int kind; /* the sender's choice; >= 0 */
    size_t size;
    void *bytes; /* (size) */
    struct letter *next;
} letter;

/* MPI's name and version, as "Open MPI v4.1.4"; NULL: this program was built without it. */
const char *mail_library(void);

/* Joins the run that mpirun has started: *count processes, of which this is number *rank. Returns OUTCOME_OK
 * or, after a message, another outcome. */
outcome mail_begin(int *count, int *rank);
/* The machine that this process runs on. */
const char *mail_host(void);

/* Copies the bytes and returns at once. */
void mail_send(int to, int kind, const void *bytes, size_t size);
/* The oldest letter that has come, for mail_free(). Where none has, it waits for one or, without `wait`,
 * returns NULL. */
letter *mail_receive(bool wait);
/* false: who waits in mail_receive(), or would, gets NULL, until waiting is allowed again. */
void mail_allow_waiting(bool allow);
/* Whether a letter of that kind has come. */
bool mail_has(int kind);
void mail_free(letter *self);

/* All processes call it with as many bytes, and have those of rank 0 afterwards. */
void mail_broadcast(void *bytes, size_t size);

/* Waits until all letters have gone, and all processes have called it. Nothing of the mail may be used
 * afterwards. */
void mail_end(void);

#endif
