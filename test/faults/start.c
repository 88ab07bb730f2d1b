/* SPDX-License-Identifier: MIT */
/* The beginning, in front of main(), and the report at the end. What libraries do before main() is not
 * counted and does not fail: it is not the program's to answer for, and some of them end the process then. */
#include "test/faults/faults.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>

/* ---- the report ---- */

enum { DESCRIPTORS = 1024 };

static unsigned char was_open[DESCRIPTORS / 8]; /* a bit for each */
static long report = -1;

static void write_line(const char *text) {
    system_call(SYS_write, (const long[6]){report, (long)text, (long)strlen(text)});
}

static void note_descriptors(void) {
    for (int i = 0; i < DESCRIPTORS; i++) {
        char room[1024];
        if (path_of(i, room)) was_open[i / 8] |= (unsigned char)(1 << i % 8);
    }
}

static void report_descriptors(void) {
    for (int i = 0; i < DESCRIPTORS; i++) {
        char room[1024], text[1100];
        if (i == report || (was_open[i / 8] & 1 << i % 8) || !path_of(i, room)) continue;
        snprintf(text, sizeof text, "descriptor %d %s\n", i, room);
        write_line(text);
    }
}

void report_write(void) {
    const char *const path = getenv("FAULT_REPORT");
    plan_end();
    if (!path) return;
    report = system_call(
        SYS_openat, (const long[6]){AT_FDCWD, (long)path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600});
    plan_report(write_line);
    memory_report(write_line);
    report_descriptors();
}

/* ---- main() ---- */

typedef int main_function(int, char **, char **);
typedef int start_function(main_function *, int, char **, void (*)(void), void (*)(void), void (*)(void),
                           void *);

static main_function *real_main;

static int main_with_faults(int argc, char **argv, char **environment) {
    note_descriptors();
    memory_begin();
    system_calls_begin();
    plan_begin();
    return real_main(argc, argv, environment);
}

EXPORTED start_function __libc_start_main;

EXPORTED int __libc_start_main(main_function *program, int argc, char **argv, void (*begin)(void),
                               void (*end)(void), void (*unload)(void), void *stack) {
    /* POSIX, not ISO C, makes a function of an object's pointer. */
    start_function *const real = __extension__(start_function *) dlsym(RTLD_NEXT, "__libc_start_main");
    real_main = program;
    return real(main_with_faults, argc, argv, begin, end, unload, stack);
}
