/* SPDX-License-Identifier: MIT */
/* Letters by MPI. One thread calls MPI, from MPI_Init_thread() to MPI_Finalize(), so that MPI_THREAD_FUNNELED
 * is enough. Every call returns at once: a blocking one would spin, which Open MPI does even where another
 * process needs the core. */
#include "ftrain/ranks/mail.h"

#include "ftrain/shell/message.h"

#include <limits.h>
#include <mpi.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
    SHORTEST_NAP = 20000,
    LONGEST_NAP = 1000000
}; /* nanoseconds between two looks, by how little happens */

/* A letter that MPI has in its hands. */
typedef struct parcel {
    letter *content;
    MPI_Request request;
    struct parcel *next;
} parcel;

typedef struct queue {
    letter *first, **last;
} queue;

static struct {
    pthread_t thread;
    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t changed;
    queue in, out;
    void *shared; /* what is being broadcast; NULL: nothing */
    size_t shared_size;
    bool has_begun, is_ending, forbids_waiting;
    int count, rank, level;

    /* the thread's own */
    parcel *sending, *receiving; /* the oldest first */
    MPI_Request broadcast;
    bool is_broadcasting;
    char host[MPI_MAX_PROCESSOR_NAME + 1];
} mail = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

const char *mail_library(void) {
    static char text[MPI_MAX_LIBRARY_VERSION_STRING];
    int length;
    if (!*text && MPI_Get_library_version(text, &length)) return "MPI";
    text[strcspn(text, ",\n")] = '\0'; /* behind it stands how it was built */
    return text;
}

/* ---- ends of the run ---- */

static _Noreturn void give_up(const char *what) {
    message_divert(NULL);
    message("%s: the processes of this run are ended", what);
    MPI_Abort(MPI_COMM_WORLD, OUTCOME_MACHINE);
    abort();
}

static void check(int error, const char *call) {
    if (!error) return;
    char reason[MPI_MAX_ERROR_STRING] = "unknown error", text[MPI_MAX_ERROR_STRING + 64];
    int length;
    if (MPI_Error_string(error, reason, &length)) reason[0] = '\0';
    snprintf(text, sizeof text, "%s: %s", call, reason);
    give_up(text);
}

/* ---- letters ---- */

static letter *new_letter(int peer, int kind, size_t size) {
    letter *self = malloc(sizeof *self);
    void *bytes = malloc(size + 1);
    if (!self || !bytes) {
        free(self);
        free(bytes);
        return NULL;
    }
    *self = (letter){.peer = peer, .kind = kind, .size = size, .bytes = bytes};
    return self;
}

void mail_free(letter *self) {
    if (self) free(self->bytes);
    free(self);
}

static void append(queue *self, letter *one) {
    if (!self->first) self->last = &self->first;
    *self->last = one;
    self->last = &one->next;
}

static letter *take(queue *self) {
    letter *const one = self->first;
    if (one) self->first = one->next;
    if (one) one->next = NULL;
    return one;
}

static parcel *add_parcel(parcel **list, letter *content) {
    parcel *const self = calloc(1, sizeof *self);
    if (!self) give_up("out of memory for a message");
    self->content = content;
    while (*list) list = &(*list)->next;
    *list = self;
    return self;
}

static bool is_done(parcel *self) {
    int done = 0;
    check(MPI_Test(&self->request, &done, MPI_STATUS_IGNORE), "MPI_Test");
    return done;
}

/* ---- the thread: each step says whether something happened ---- */

static bool start_sending(void) {
    bool any = false;
    for (;; any = true) {
        pthread_mutex_lock(&mail.lock);
        letter *const one = take(&mail.out);
        pthread_mutex_unlock(&mail.lock);
        if (!one) return any;
        parcel *const to = add_parcel(&mail.sending, one);
        check(MPI_Isend(one->bytes, (int)one->size, MPI_BYTE, one->peer, one->kind, MPI_COMM_WORLD,
                        &to->request),
              "MPI_Isend");
    }
}

static bool finish_sending(void) {
    bool any = false;
    for (parcel **at = &mail.sending; *at;) {
        parcel *const one = *at;
        if (!is_done(one)) {
            at = &one->next;
            continue;
        }
        *at = one->next;
        mail_free(one->content);
        free(one);
        any = true;
    }
    return any;
}

static bool start_receiving(void) {
    MPI_Message announced;
    MPI_Status status;
    int found = 0, size = 0;
    check(MPI_Improbe(MPI_ANY_SOURCE, MPI_ANY_TAG, MPI_COMM_WORLD, &found, &announced, &status),
          "MPI_Improbe");
    if (!found) return false;
    check(MPI_Get_count(&status, MPI_BYTE, &size), "MPI_Get_count");
    letter *const one = new_letter(status.MPI_SOURCE, status.MPI_TAG, (size_t)size);
    if (!one) give_up("out of memory for a message");
    parcel *const from = add_parcel(&mail.receiving, one);
    check(MPI_Imrecv(one->bytes, size, MPI_BYTE, &announced, &from->request), "MPI_Imrecv");
    return true;
}

/* In the order in which they were announced. */
static bool finish_receiving(void) {
    bool any = false;
    while (mail.receiving && is_done(mail.receiving)) {
        parcel *const one = mail.receiving;
        mail.receiving = one->next;
        pthread_mutex_lock(&mail.lock);
        append(&mail.in, one->content);
        pthread_cond_broadcast(&mail.changed);
        pthread_mutex_unlock(&mail.lock);
        free(one);
        any = true;
    }
    return any;
}

static bool carry_broadcast(void) {
    pthread_mutex_lock(&mail.lock);
    void *const bytes = mail.shared;
    const size_t size = mail.shared_size;
    pthread_mutex_unlock(&mail.lock);
    if (!bytes) return false;
    if (!mail.is_broadcasting)
        check(MPI_Ibcast(bytes, (int)size, MPI_BYTE, 0, MPI_COMM_WORLD, &mail.broadcast), "MPI_Ibcast");
    mail.is_broadcasting = true;
    int done = 0;
    check(MPI_Test(&mail.broadcast, &done, MPI_STATUS_IGNORE), "MPI_Test");
    if (!done) return true; /* it is awaited: looked after often */
    mail.is_broadcasting = false;
    pthread_mutex_lock(&mail.lock);
    mail.shared = NULL;
    pthread_cond_broadcast(&mail.changed);
    pthread_mutex_unlock(&mail.lock);
    return true;
}

static bool is_over(void) {
    pthread_mutex_lock(&mail.lock);
    const bool over = mail.is_ending && !mail.out.first && !mail.sending;
    pthread_mutex_unlock(&mail.lock);
    return over;
}

static void carry_letters(void) {
    long nap = SHORTEST_NAP;
    while (!is_over()) {
        bool any = start_sending();
        any |= finish_sending();
        any |= start_receiving();
        any |= finish_receiving();
        any |= carry_broadcast();
        nap = any ? SHORTEST_NAP : 2 * nap < LONGEST_NAP ? 2 * nap : LONGEST_NAP;
        nanosleep(&(struct timespec){.tv_nsec = nap}, NULL);
    }
}

/* MPI_Init_thread() ends the process itself where it fails. */
static void join_run(void) {
    int length;
    check(MPI_Init_thread(NULL, NULL, MPI_THREAD_FUNNELED, &mail.level), "MPI_Init_thread");
    check(MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN), "MPI_Comm_set_errhandler");
    check(MPI_Comm_size(MPI_COMM_WORLD, &mail.count), "MPI_Comm_size");
    check(MPI_Comm_rank(MPI_COMM_WORLD, &mail.rank), "MPI_Comm_rank");
    check(MPI_Get_processor_name(mail.host, &length), "MPI_Get_processor_name");
    pthread_mutex_lock(&mail.lock);
    mail.has_begun = true;
    pthread_cond_broadcast(&mail.changed);
    pthread_mutex_unlock(&mail.lock);
}

static void *work(void *unused) {
    (void)unused;
    join_run();
    carry_letters();
    check(MPI_Finalize(), "MPI_Finalize");
    return NULL;
}

/* ---- the callers ---- */

/* Signals are the main thread's. */
static int start_thread(void) {
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    const int refused = pthread_create(&mail.thread, NULL, work, NULL);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return refused;
}

outcome mail_begin(int *count, int *rank) {
    const int refused = start_thread();
    if (refused) {
        message("a thread for the messages between processes cannot be started: %s", strerror(refused));
        return OUTCOME_MACHINE;
    }
    pthread_mutex_lock(&mail.lock);
    while (!mail.has_begun) pthread_cond_wait(&mail.changed, &mail.lock);
    pthread_mutex_unlock(&mail.lock);
    if (mail.level < MPI_THREAD_FUNNELED) give_up("this MPI cannot be used by a program with threads");
    *count = mail.count;
    *rank = mail.rank;
    return OUTCOME_OK;
}

const char *mail_host(void) {
    return mail.host;
}

void mail_send(int to, int kind, const void *bytes, size_t size) {
    letter *const one = size > INT_MAX ? NULL : new_letter(to, kind, size);
    if (!one) {
        message_divert(NULL);
        message("out of memory for a message: the processes of this run are ended");
        _exit(OUTCOME_MACHINE); /* mpirun ends the others */
    }
    if (size) memcpy(one->bytes, bytes, size);
    pthread_mutex_lock(&mail.lock);
    append(&mail.out, one);
    pthread_mutex_unlock(&mail.lock);
}

letter *mail_receive(bool wait) {
    pthread_mutex_lock(&mail.lock);
    while (wait && !mail.in.first && !mail.forbids_waiting) pthread_cond_wait(&mail.changed, &mail.lock);
    letter *const one = take(&mail.in);
    pthread_mutex_unlock(&mail.lock);
    return one;
}

void mail_allow_waiting(bool allow) {
    pthread_mutex_lock(&mail.lock);
    mail.forbids_waiting = !allow;
    pthread_cond_broadcast(&mail.changed);
    pthread_mutex_unlock(&mail.lock);
}

bool mail_has(int kind) {
    bool found = false;
    pthread_mutex_lock(&mail.lock);
    for (const letter *one = mail.in.first; one && !found; one = one->next) found = one->kind == kind;
    pthread_mutex_unlock(&mail.lock);
    return found;
}

void mail_broadcast(void *bytes, size_t size) {
    pthread_mutex_lock(&mail.lock);
    mail.shared = bytes;
    mail.shared_size = size;
    while (mail.shared) pthread_cond_wait(&mail.changed, &mail.lock);
    pthread_mutex_unlock(&mail.lock);
}

void mail_end(void) {
    pthread_mutex_lock(&mail.lock);
    mail.is_ending = true;
    pthread_mutex_unlock(&mail.lock);
    pthread_join(mail.thread, NULL);
}
