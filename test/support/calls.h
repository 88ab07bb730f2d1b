/* SPDX-License-Identifier: MIT */
/* Calls of the C library that fail when a test says so: its functions for memory, files and threads stand in
 * this program's own ones' place, for the library under test as for the libraries below it. Linked to
 * test/<room>/test_failures.c alone. */
#ifndef TEST_SUPPORT_CALLS_H
#define TEST_SUPPORT_CALLS_H

#include <stdbool.h>

/* Kinds of calls, as bits. */
enum {
    CALL_MEMORY = 1 << 0,  /* malloc() and its family */
    CALL_OPEN = 1 << 1,    /* open(), opendir(), fcntl(F_DUPFD_CLOEXEC) */
    CALL_LOOK = 1 << 2,    /* stat(), fstat(), lstat(), realpath() */
    CALL_READ = 1 << 3,    /* read(), pread() */
    CALL_LIST = 1 << 4,    /* readdir() */
    CALL_WRITE = 1 << 5,   /* write(), pwrite() */
    CALL_SYNC = 1 << 6,    /* fsync() */
    CALL_CLOSE = 1 << 7,   /* close(), which closes all the same; one that interrupts it is no error */
    CALL_RENAME = 1 << 8,  /* rename() */
    CALL_CUT = 1 << 9,     /* ftruncate() */
    CALL_LOCK = 1 << 10,   /* flock() */
    CALL_MAKE = 1 << 11,   /* mkdir() */
    CALL_THREAD = 1 << 12, /* pthread_create() */
    CALL_MAP = 1 << 13,    /* mmap() */
    CALLS_OF_FILES = (CALL_OPEN | CALL_LOOK | CALL_READ | CALL_LIST | CALL_WRITE | CALL_SYNC | CALL_CLOSE |
                      CALL_RENAME | CALL_CUT | CALL_LOCK | CALL_MAKE),
};

/* Which calls fail from calls_fail() to calls_stop(). */
typedef struct call_fault {
    unsigned calls;  /* bits of above */
    long first;      /* the number of the call that fails, from 1 on; 0: none, they are only counted */
    bool is_lasting; /* all that come after it fail as well */
    /* errno of the failure; pthread_create() returns it. 0: reads and writes of more than a byte do a half of
     * what is asked for, and no other call fails. */
    int number;
} call_fault;

/* Allocations of these libraries never fail, nor any in json_loadb(): they look at memory that they did not
 * get, and so end the process. The library under test asks for memory before it calls them. */
#define CALLS_SPARED                                                                                         \
    { "libwebp", "libtiff", "libheif", "libstdc++" }

/* Meanwhile nanosleep() does not sleep, so that retries cost nothing. */
void calls_fail(const call_fault *fault);
/* How many calls of those kinds there were. */
long calls_stop(void);

/* Whether CALL_MEMORY can be had: a sanitizer may have a malloc() of its own. */
bool calls_have_memory(void);
/* Blocks of memory that were taken and are not freed; none where CALL_MEMORY cannot be had. */
typedef struct call_blocks {
    long own;     /* taken by this program, the library under test in it */
    long foreign; /* by the libraries below it */
} call_blocks;
call_blocks calls_blocks(void);

/* Whether the call of CALL_MEMORY that failed last came from a library with this in its file's name. */
bool calls_failed_in(const char *library);

#endif
