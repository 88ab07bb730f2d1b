/* SPDX-License-Identifier: MIT */
/* What the parts of faults.so share: test/faults/faults.c says what can be asked of it. */
#ifndef TEST_FAULTS_FAULTS_H
#define TEST_FAULTS_FAULTS_H

#include <stdbool.h>
#include <stddef.h>

#define EXPORTED __attribute__((visibility("default")))

/* The calls that can fail; FAULT_CALLS names them in small letters. What a name stands for:
 * test/faults/system_calls.c. */
typedef enum fault_call {
    FAULT_MALLOC,
    FAULT_THREAD,
    FAULT_MMAP,
    FAULT_OPEN,
    FAULT_OPENDIR,
    FAULT_READDIR,
    FAULT_STAT,
    FAULT_READ,
    FAULT_WRITE,
    FAULT_FSYNC,
    FAULT_TRUNCATE,
    FAULT_CLOSE,
    FAULT_RENAME,
    FAULT_LINK,
    FAULT_UNLINK,
    FAULT_MKDIR,
    FAULT_LOCK,
    FAULT_FCNTL,
    FAULT_READLINK,
    FAULT_GETRANDOM,
    FAULT_PIPE,
    FAULT_SOCKET,
    FAULT_BIND,
    FAULT_LISTEN,
    FAULT_ACCEPT,
    FAULT_CONNECT,
    FAULT_RECV,
    FAULT_SEND,
    FAULT_POLL,
    FAULT_CALL_COUNT
} fault_call;

typedef enum fault_effect { FAULT_NONE, FAULT_ERROR, FAULT_SHORT, FAULT_DELAY, FAULT_KILL } fault_effect;

/* Reads the environment; before that, and after plan_end(), nothing fails and nothing is counted. */
void plan_begin(void);
void plan_end(void);

/* What is to happen to this call. `path` and `other`: what it is about; NULL for nothing. */
fault_effect plan_ask(fault_call call, const char *path, const char *other);
bool plan_needs_paths(void);
int plan_errno(void);

/* Delay and kill, which are the same for every call; true for FAULT_ERROR. */
bool plan_apply(fault_effect effect);

/* Lines for the report: on the calls that were counted, and on memory that was not freed. Called at the
 * end of the process, in a signal handler. */
void plan_report(void (*line)(const char *text));
void memory_report(void (*line)(const char *text));

/* Finds the library of FAULT_SPARE. */
void memory_begin(void);

/* Lets every system call that can fail be asked for. */
void system_calls_begin(void);
/* The kernel's own answer: a negative one is an error number. */
long system_call(long number, const long arguments[6]);
/* The path behind a descriptor; NULL where it has none. */
const char *path_of(long descriptor, char room[1024]);

/* The file of FAULT_REPORT; nothing fails and nothing is counted from here on. */
void report_write(void);

#endif
