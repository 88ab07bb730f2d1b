/* SPDX-License-Identifier: MIT */
/* How the processes of a run begin and end together. */
#include "ftrain/ranks/ranks.h"

#include "core/status.h"
#include "ftrain/ranks/launch.h"
#include "ftrain/shell/interrupt.h"
#include "ftrain/shell/message.h"
#include "ftrain/shell/new_array.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TEXT = 2048 }; /* of a helper's last message */

/* A helper's first letter. */
typedef struct greeting {
    char version[32], host[256];
} greeting;

/* A helper's last one. */
typedef struct farewell {
    int code; /* an outcome */
    char text[TEXT];
} farewell;

typedef struct helper {
    char name[sizeof(greeting) + 32];
    bool has_ended;
} helper;

static struct {
    int count, rank;
    bool is_joined;
    helper *helpers;     /* rank 0's: (count) */
    char said[TEXT];     /* a helper's last message */
    atomic_bool is_over; /* a helper has been told so */
} ranks = {.count = 1};

int ranks_count(void) {
    return ranks.count;
}

bool ranks_is_helper(void) {
    return ranks.rank > 0;
}

/* ---- the beginning ---- */

static void keep_message(const char *text) {
    snprintf(ranks.said, sizeof ranks.said, "%s", text);
}

static outcome begin_helper(void) {
    greeting hello = {.version = ""};
    snprintf(hello.version, sizeof hello.version, "%s", dn_version());
    snprintf(hello.host, sizeof hello.host, "%.255s", mail_host());
    message_divert(keep_message);
    interrupts_mute();
    if (!freopen("/dev/null", "w", stdout)) {
        message("/dev/null: cannot be opened");
        return OUTCOME_MACHINE;
    }
    mail_send(0, LETTER_HELLO, &hello, sizeof hello);
    return OUTCOME_OK;
}

static outcome begin_rank_0(void) {
    ranks.helpers = new_array((size_t)ranks.count, sizeof *ranks.helpers);
    if (!ranks.helpers) return OUTCOME_MACHINE;
    for (int i = 0; i < ranks.count; i++)
        snprintf(ranks.helpers[i].name, sizeof ranks.helpers[i].name, "rank %d", i);
    return OUTCOME_OK;
}

outcome ranks_begin(void) {
    const launch launched = launch_find();
    if (!launched.is_launched || launched.count == 1) return OUTCOME_OK;
    if (launched.rank > 0) message_divert(keep_message); /* rank 0 has the same to say, as yet */
    const outcome code = mail_begin(&ranks.count, &ranks.rank);
    if (code) return code;
    ranks.is_joined = true;
    if (launched.count && launched.count != ranks.count) {
        message("started as %d processes, of which %s makes runs of %d: use that MPI's own mpirun",
                launched.count, mail_library(), ranks.count);
        return OUTCOME_USAGE;
    }
    return ranks_is_helper() ? begin_helper() : begin_rank_0();
}

/* ---- rank 0, of its helpers ---- */

const char *ranks_name(int rank) {
    return ranks.helpers[rank].name;
}

static outcome hear_hello(int rank, const greeting *hello) {
    char *const name = ranks.helpers[rank].name;
    snprintf(name, sizeof ranks.helpers[rank].name, "rank %d on %.255s", rank, hello->host);
    if (strncmp(hello->version, dn_version(), sizeof hello->version) == 0) return OUTCOME_OK;
    message("%s: runs ftrain %.31s, rank 0 runs %s: give all of them the same", name, hello->version,
            dn_version());
    return OUTCOME_USAGE;
}

outcome ranks_hear(const letter *from) {
    if (from->kind == LETTER_HELLO) return hear_hello(from->peer, from->bytes);
    if (from->kind != LETTER_END) return OUTCOME_OK;
    const farewell *const end = from->bytes;
    ranks.helpers[from->peer].has_ended = true;
    if (end->code) message("%s: %s", ranks_name(from->peer), end->text);
    return (outcome)end->code;
}

/* ---- a helper ---- */

letter *ranks_await(void) {
    if (ranks.is_over) return NULL;
    letter *const one = mail_receive(true);
    if (!one || one->kind != LETTER_STOP) return one;
    ranks.is_over = true;
    mail_free(one);
    return NULL;
}

bool ranks_are_stopped(void) {
    return ranks.is_over || (ranks_is_helper() && mail_has(LETTER_STOP));
}

/* ---- the end ---- */

static void end_helper(outcome code) {
    farewell end = {.code = code == OUTCOME_FINISHED ? OUTCOME_OK : code};
    memcpy(end.text, ranks.said, sizeof end.text);
    mail_send(0, LETTER_END, &end, sizeof end);
    for (letter *one; (one = ranks_await());) mail_free(one);
}

static bool have_all_ended(void) {
    for (int i = 1; i < ranks.count; i++)
        if (!ranks.helpers[i].has_ended) return false;
    return true;
}

/* What helpers say after a failure follows from it, or is the same. */
static outcome end_rank_0(outcome code) {
    for (int i = 1; i < ranks.count; i++) mail_send(i, LETTER_STOP, NULL, 0);
    while (!have_all_ended()) {
        letter *const one = mail_receive(true);
        if (code > OUTCOME_SKIPPED)
            ranks.helpers[one->peer].has_ended |= one->kind == LETTER_END;
        else {
            const outcome heard = ranks_hear(one);
            if (heard) code = heard;
        }
        mail_free(one);
    }
    return code;
}

outcome ranks_end(outcome code) {
    if (!ranks.is_joined) return code;
    if (ranks_is_helper()) {
        end_helper(code);
        code = OUTCOME_OK;
    } else if (ranks.helpers) {
        code = end_rank_0(code);
    } else if (ranks.count > 1) {
        _exit(code); /* it cannot even count the others, whom mpirun ends */
    }
    mail_end();
    free(ranks.helpers);
    return code;
}
