/* SPDX-License-Identifier: MIT */
/* Every call of a kind fails once: what each scenario is held to when its first, second, third, ... call of
 * malloc(), read(), write() fails. Linked to test/<room>/test_failures.c alone. */
#ifndef TEST_SUPPORT_FAILURES_H
#define TEST_SUPPORT_FAILURES_H

#include "core/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A use of the library, from making what it needs to freeing it. */
typedef struct scenario {
    const char *name;
    /* Adds all that it computes to *digest. After a failure it frees what it has, asserts that nothing came
     * out, and returns the status of the call that failed. */
    dn_status (*run)(const void *context, uint64_t *digest, dn_error *error);
    const void *context; /* handed to it */
    const char *word;    /* which every message has; NULL: none */
    /* Before each run that is disturbed: brings the files that it changes to where they begin. The plain run
     * behind a failure goes on from what that has left. NULL: there are none. */
    void (*prepare)(const void *context);
    const char *folder; /* in which no temporary file is left; NULL: it writes none */
    const char *output; /* a file that it writes, over another one, whole or not at all; NULL: none */
    const char *result; /* a file that has the same bytes after each plain run; NULL: none */
    unsigned excused;   /* calls of files that do not fail: what they say is no failure of the machine here */
    long most; /* calls that are failed, of more a seeded choice, unless DN_TEST_ALL is set; 0: all */
} scenario;

/* cmocka's setup, as folder_set_up(), with a folder in memory where that can be had: a rename over a file
 * that is there costs milliseconds on a disk. */
int failures_set_up(void **state);

/* *digest of what it was and these bytes. */
void digest_add(uint64_t *digest, const void *bytes, size_t size);

/* Each of these fails the test where a run, with one call of it failed, does not do as it must: either it
 * gives what an undisturbed run gives, or it returns the machine's status, for which *error has the same
 * status and a message with scenario.word. Either way no block of memory, no descriptor and no file is left,
 * and the same run undisturbed gives what it gave before. How many calls were failed is printed; a scenario
 * without a call that can fail so fails the test. */

/* malloc() and its family: DN_ERR_MEMORY. Skipped by name where a sanitizer has them. */
void fail_each_allocation(const scenario *it);
/* Whatever may fail of files, EIO: DN_ERR_IO; also from each call on for good. */
void fail_each_file_call(const scenario *it);
/* write(), fsync(), rename() and open() without room on the disk: DN_ERR_NO_SPACE. */
void fail_each_write_for_space(const scenario *it);
/* A call that is interrupted, a read or write of less than was asked for, and a descriptor that is to be had
 * a moment later must not be noticed. */
void disturb_each_file_call(const scenario *it);
/* pthread_create(): DN_ERR_THREADS. */
void fail_each_thread(const scenario *it);

/* An allocator for options, whose calls fail by number, and which counts what it has given out. */
typedef struct failing_allocator {
    dn_allocator allocator;
    _Atomic long calls, first; /* seen; which fails, from 1 on, 0: none */
    _Atomic long blocks;       /* given out */
    _Atomic size_t bytes;
} failing_allocator;

failing_allocator failing_allocator_make(void);
/* The same as fail_each_allocation() for it, which `run` hands to the library. */
void fail_each_block(const scenario *it, failing_allocator *allocator);

#endif
