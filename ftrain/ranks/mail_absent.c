/* SPDX-License-Identifier: MIT */
/* Mail in a program that was built without MPI: mail_library() says so, nobody can join a run, and a process
 * alone has nobody to write to. */
#include "ftrain/ranks/mail.h"

#include "ftrain/shell/message.h"

const char *mail_library(void) {
    return NULL;
}

outcome mail_begin(int *count, int *rank) {
    *count = 1;
    *rank = 0;
    message(
        "this ftrain was built without MPI and runs in one process; with Open MPI there (Debian: "
        "libopenmpi-dev), build it again");
    return OUTCOME_USAGE;
}

const char *mail_host(void) {
    return "";
}

void mail_send(int to, int kind, const void *bytes, size_t size) {
    (void)to, (void)kind, (void)bytes, (void)size;
}

letter *mail_receive(bool wait) {
    (void)wait;
    return NULL;
}

void mail_allow_waiting(bool allow) {
    (void)allow;
}

bool mail_has(int kind) {
    (void)kind;
    return false;
}

void mail_free(letter *self) {
    (void)self;
}

void mail_broadcast(void *bytes, size_t size) {
    (void)bytes, (void)size;
}

void mail_end(void) {}
