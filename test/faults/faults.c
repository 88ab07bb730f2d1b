/* SPDX-License-Identifier: MIT */
/* A library to be preloaded (LD_PRELOAD), which makes chosen calls of a program fail, counted from main() on.
 *
 *     FAULT_CALLS   names of calls, with commas: those of test/faults/faults.h
 *     FAULT_MODE    error (default); short: reads and writes do half of what is asked; delay: the call comes
 *                   some milliseconds later; kill: the process is killed instead
 *     FAULT_ERRNO   the error that they give, such as ENOSPC (default EIO)
 *     FAULT_PATH    only calls on paths that contain this text; malloc and thread have none and ignore it
 *     FAULT_FIRST   the number of the first matching call that fails, from 1 on (default 1)
 *     FAULT_COUNT   how many fail from there on; 0: all (default 1)
 *     FAULT_SPARE   a text in the name of a library whose own calls of malloc do not fail
 *     FAULT_MARK    a file that is made when the first call fails, and says what it was about; a loop over
 *                   FAULT_FIRST ends where there is none
 *     FAULT_REPORT  a file that is written at the end: how often each call was made, what memory was not
 *                   freed, what descriptors were not closed
 *
 * A mapping counts for the path of its file; one of no file counts for none.
 *
 * How calls are caught. A function that takes the place of libc's sees only what is called from outside of
 * libc: not the write() of printf(), the read() of getline() or the open() of fopen(). So system calls are
 * caught where all of them pass, by a seccomp filter that sends each to a handler in this process
 * (test/faults/system_calls.c). `strace --inject` could do it, but it counts for each thread alone, knows no
 * short reads and writes, and makes a run several times as long. Memory and threads are asked of libc and not
 * of the system, so these are functions in place of libc's (test/faults/memory.c). */
#include "test/faults/faults.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { DELAY_MILLISECONDS = 5 };

static const char *const names[FAULT_CALL_COUNT] = {
    [FAULT_MALLOC] = "malloc",     [FAULT_THREAD] = "thread",       [FAULT_MMAP] = "mmap",
    [FAULT_OPEN] = "open",         [FAULT_OPENDIR] = "opendir",     [FAULT_READDIR] = "readdir",
    [FAULT_STAT] = "stat",         [FAULT_READ] = "read",           [FAULT_WRITE] = "write",
    [FAULT_FSYNC] = "fsync",       [FAULT_TRUNCATE] = "truncate",   [FAULT_CLOSE] = "close",
    [FAULT_RENAME] = "rename",     [FAULT_LINK] = "link",           [FAULT_UNLINK] = "unlink",
    [FAULT_MKDIR] = "mkdir",       [FAULT_LOCK] = "lock",           [FAULT_FCNTL] = "fcntl",
    [FAULT_READLINK] = "readlink", [FAULT_GETRANDOM] = "getrandom", [FAULT_PIPE] = "pipe",
    [FAULT_SOCKET] = "socket",     [FAULT_BIND] = "bind",           [FAULT_LISTEN] = "listen",
    [FAULT_ACCEPT] = "accept",     [FAULT_CONNECT] = "connect",     [FAULT_RECV] = "recv",
    [FAULT_SEND] = "send",         [FAULT_POLL] = "poll",
};

static struct {
    atomic_bool is_on;
    bool is_chosen[FAULT_CALL_COUNT];
    fault_effect effect;
    int number;
    long first, count;
    const char *path, *mark;
} plan;

static atomic_long seen[FAULT_CALL_COUNT], matched;
static atomic_bool has_fired;

static long number_of(const char *variable, long otherwise) {
    const char *text = getenv(variable);
    return text ? strtol(text, NULL, 10) : otherwise;
}

_Noreturn static void refuse(const char *variable, const char *value) {
    fprintf(stderr, "faults: %s: '%s' is unknown\n", variable, value);
    _exit(99);
}

static void choose_calls(void) {
    char text[256];
    const char *const given = getenv("FAULT_CALLS");
    snprintf(text, sizeof text, "%s", given ? given : "");
    char *rest = NULL;
    for (const char *word = strtok_r(text, ",", &rest); word; word = strtok_r(NULL, ",", &rest)) {
        size_t i = 0;
        while (i < FAULT_CALL_COUNT && strcmp(word, names[i]) != 0) i++;
        if (i == FAULT_CALL_COUNT) refuse("FAULT_CALLS", word);
        plan.is_chosen[i] = true;
    }
}

static fault_effect chosen_effect(void) {
    static const char *const modes[] = {"", "error", "short", "delay", "kill"};
    const char *const given = getenv("FAULT_MODE");
    for (int i = FAULT_ERROR; given && i <= FAULT_KILL; i++)
        if (strcmp(given, modes[i]) == 0) return (fault_effect)i;
    if (given) refuse("FAULT_MODE", given);
    return FAULT_ERROR;
}

static int chosen_errno(void) {
    const char *const given = getenv("FAULT_ERRNO");
    for (int number = 1; given && number < 256; number++) {
        const char *const name = strerrorname_np(number);
        if (name && strcmp(name, given) == 0) return number;
    }
    if (given) refuse("FAULT_ERRNO", given);
    return EIO;
}

void plan_begin(void) {
    choose_calls();
    plan.effect = chosen_effect();
    plan.number = chosen_errno();
    plan.first = number_of("FAULT_FIRST", 1);
    plan.count = number_of("FAULT_COUNT", 1);
    plan.path = getenv("FAULT_PATH");
    plan.mark = getenv("FAULT_MARK");
    plan.is_on = true;
}

void plan_end(void) {
    plan.is_on = false;
}

bool plan_needs_paths(void) {
    return plan.is_on && (plan.path || plan.mark);
}

int plan_errno(void) {
    return plan.number;
}

static void mark(fault_call call, const char *path) {
    if (!plan.mark || atomic_exchange(&has_fired, true)) return;
    const long file = system_call(
        SYS_openat, (const long[6]){AT_FDCWD, (long)plan.mark, O_WRONLY | O_CREAT | O_CLOEXEC, 0600});
    if (file < 0) return;
    char text[1200];
    const int length = snprintf(text, sizeof text, "%s %s\n", names[call], path ? path : "");
    system_call(SYS_write, (const long[6]){file, (long)text, length});
    system_call(SYS_close, (const long[6]){file});
}

static bool is_about(const char *path) {
    return path && strstr(path, plan.path);
}

fault_effect plan_ask(fault_call call, const char *path, const char *other) {
    if (!plan.is_on) return FAULT_NONE;
    const bool is_path_call = call != FAULT_MALLOC && call != FAULT_THREAD;
    if (plan.path && is_path_call && !is_about(path) && !is_about(other)) return FAULT_NONE;
    atomic_fetch_add(&seen[call], 1);
    if (!plan.is_chosen[call]) return FAULT_NONE;
    const long now = atomic_fetch_add(&matched, 1) + 1;
    if (now < plan.first || (plan.count && now >= plan.first + plan.count)) return FAULT_NONE;
    mark(call, path);
    return plan.effect;
}

bool plan_apply(fault_effect effect) {
    const struct timespec pause = {.tv_nsec = DELAY_MILLISECONDS * 1000000L};
    if (effect == FAULT_DELAY) system_call(SYS_nanosleep, (const long[6]){(long)&pause});
    if (effect == FAULT_KILL) system_call(SYS_kill, (const long[6]){getpid(), SIGKILL});
    return effect == FAULT_ERROR;
}

void plan_report(void (*line)(const char *text)) {
    for (size_t i = 0; i < FAULT_CALL_COUNT; i++) {
        char text[64];
        snprintf(text, sizeof text, "call %s %ld\n", names[i], atomic_load(&seen[i]));
        line(text);
    }
}
