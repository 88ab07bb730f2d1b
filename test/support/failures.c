/* SPDX-License-Identifier: MIT */
/* The loop over the calls of a scenario, and what is looked at after each. */
#include "test/support/failures.h"

#include "core/memory.h"
#include "core/rng.h"
#include "test/support/calls.h"
#include "test/support/files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <xxhash.h>

#include <cmocka.h>

enum { DESCRIPTORS = 256, LIMIT_SECONDS = 120 };

void digest_add(uint64_t *digest, const void *bytes, size_t size) {
    *digest = XXH3_64bits_withSeed(bytes, size, *digest);
}

int failures_set_up(void **state) {
    if (!getenv("TMPDIR") && access("/dev/shm", W_OK) == 0) setenv("TMPDIR", "/dev/shm", 0);
    return folder_set_up(state);
}

/* ---- what there is ---- */

typedef struct holdings {
    int descriptors, temporaries;
} holdings;

static int open_descriptors(void) {
    int count = 0;
    for (int i = 0; i < DESCRIPTORS; i++) count += fcntl(i, F_GETFD) >= 0;
    return count;
}

static int temporaries_of(const char *path) {
    DIR *const folder = path ? opendir(path) : NULL;
    int count = 0;
    if (!folder) return 0;
    for (const struct dirent *entry; (entry = readdir(folder));)
        count += strncmp(entry->d_name, ".densenet-", 10) == 0;
    closedir(folder);
    return count;
}

static holdings look(const scenario *it) {
    return (holdings){open_descriptors(), temporaries_of(it->folder)};
}

/* ---- one run ---- */

/* How calls fail, and what may come of it. */
typedef struct way {
    const char *name;
    call_fault fault;
    dn_status status; /* DN_OK: nothing but success */
} way;

static uint64_t digest_of_file(const char *path) {
    const file_bytes file = read_whole(path);
    uint64_t digest = 0;
    digest_add(&digest, file.data, file.size);
    free(file.data);
    return digest;
}

static const char earlier[] = "what was there before";

static void prepare(const scenario *it) {
    if (it->prepare) it->prepare(it->context);
    if (it->output) write_whole(it->output, earlier, sizeof earlier);
}

/* Of a run that has failed the file may be either; the folder may be what could not be synced. */
static void check_output(const scenario *it, const char *where, dn_status status) {
    static uint64_t whole; /* what the first run of the scenario has written */
    static char last[100];
    if (!it->output) return;
    const uint64_t found = digest_of_file(it->output);
    uint64_t as_before = 0;
    digest_add(&as_before, earlier, sizeof earlier);
    const bool is_earlier = found == as_before;
    if (strcmp(last, it->name) != 0) whole = found;
    snprintf(last, sizeof last, "%s", it->name);
    if (is_earlier ? !status : found != whole)
        fail_msg("%s: %s, and %s is %s", where, dn_status_name(status), it->output,
                 is_earlier ? "as before" : "neither as before nor whole");
}

/* What an undisturbed run gives. */
typedef struct results {
    uint64_t digest, file;
} results;

static results run_plainly(const scenario *it) {
    uint64_t digest = 0;
    dn_error error = {.message = ""};
    const dn_status status = it->run(it->context, &digest, &error);
    if (status) fail_msg("%s: undisturbed: %s", it->name, error.message);
    check_output(it, it->name, status);
    return (results){digest, it->result ? digest_of_file(it->result) : 0};
}

static void run_alike(const scenario *it, const char *where, const results *expected) {
    const results found = run_plainly(it);
    if (found.digest != expected->digest) fail_msg("%s: the next run has other results", where);
    if (found.file != expected->file) fail_msg("%s: the next run leaves another %s", where, it->result);
}

static void check_message(const scenario *it, const char *where, dn_status expected, const dn_error *error) {
    if (error->status != expected || !*error->message)
        fail_msg("%s: the error has %s, '%s'", where, dn_status_name(error->status), error->message);
    if (it->word && !strstr(error->message, it->word))
        fail_msg("%s: '%s' has no '%s'", where, error->message, it->word);
}

static const char *running; /* what is written to the log where a run has no end */

static void on_alarm(int signal_number) {
    static const char words[] = ": the run has no end\n";
    (void)signal_number;
    (void)calls_stop(); /* so that write() does not fail */
    const bool is_told = write(STDERR_FILENO, running, strlen(running)) > 0 &&
                         write(STDERR_FILENO, words, sizeof words - 1) > 0;
    _exit(is_told ? 1 : 2);
}

/* Runs with call `number` failed. */
static void run_with(const scenario *it, const way *how, long number, const char *where, uint64_t expected,
                     long *refused) {
    const holdings before = look(it);
    call_fault fault = how->fault;
    uint64_t digest = 0;
    dn_error error = {.message = ""};
    fault.first = number;
    fault.calls &= ~it->excused;
    prepare(it);
    running = where;
    signal(SIGALRM, on_alarm);
    alarm(LIMIT_SECONDS);
    calls_fail(&fault);
    const dn_status status = it->run(it->context, &digest, &error);
    (void)calls_stop();
    alarm(0);
    if (status && status != how->status) fail_msg("%s: %s: %s", where, dn_status_name(status), error.message);
    if (status)
        check_message(it, where, status, &error);
    else if (digest != expected)
        fail_msg("%s: succeeds with other results", where);
    check_output(it, where, status);
    const holdings after = look(it);
    if (after.descriptors != before.descriptors)
        fail_msg("%s: %d descriptors are left", where, after.descriptors - before.descriptors);
    if (after.temporaries != before.temporaries)
        fail_msg("%s: %d temporary files are left in %s", where, after.temporaries - before.temporaries,
                 it->folder);
    *refused += status != DN_OK;
}

/* ---- all runs ---- */

static bool all_are_wanted(void) {
    const char *const all = getenv("DN_TEST_ALL");
    return all && *all;
}

static long count_calls(const scenario *it, const way *how) {
    call_fault fault = how->fault;
    uint64_t digest = 0;
    dn_error error;
    fault.first = 0;
    fault.calls &= ~it->excused;
    prepare(it);
    calls_fail(&fault);
    const dn_status status = it->run(it->context, &digest, &error);
    const long count = calls_stop();
    if (status) fail_msg("%s: undisturbed: %s", it->name, error.message);
    return count;
}

/* Of `total` calls the `chosen` ones: one of each part of equal length. */
static long number_of(long i, long chosen, long total, dni_rng *rng) {
    const long begin = total * i / chosen, end = total * (i + 1) / chosen;
    const long within = (long)(dni_rng_uniform(rng) * (float)(end - begin));
    return 1 + begin + (within < end - begin ? within : end - begin - 1);
}

/* Whether the allocation that failed was of a library that then loses some of its own. Our blocks it does not
 * lose. */
static bool leaks_without_memory(void) {
    static const char *const libraries[] = {"libzip", "libdav1d"};
    for (size_t i = 0; i < sizeof libraries / sizeof *libraries; i++)
        if (calls_failed_in(libraries[i])) return true;
    return false;
}

/* What the C library keeps for itself, as the time zone, it has again after the plain run that followed. */
static void check_blocks(const char *where, const call_blocks *before, bool may_leak) {
    const call_blocks after = calls_blocks();
    if (after.own != before->own)
        fail_msg("%s: %ld blocks of memory are left", where, after.own - before->own);
    if (after.foreign != before->foreign && !may_leak)
        fail_msg("%s: %ld blocks of other libraries' memory are left", where,
                 after.foreign - before->foreign);
}

static void fail_each(const scenario *it, const way *how) {
    dni_rng rng = dni_rng_named(1, it->name);
    prepare(it);
    const results expected = run_plainly(it);
    run_alike(it, it->name, &expected); /* what is made once and kept is there now */
    const long total = count_calls(it, how);
    /* what disturbs may find nothing to disturb: of a folder no bytes are read */
    if (!total && how->status) fail_msg("%s: %s: there is no such call", it->name, how->name);
    const long chosen = it->most && total > it->most && !all_are_wanted() ? it->most : total;
    long refused = 0;
    const clock_t start = clock();
    for (long i = 0; i < chosen; i++) {
        const long number = chosen == total ? i + 1 : number_of(i, chosen, total, &rng);
        const call_blocks blocks = calls_blocks();
        char where[200];
        snprintf(where, sizeof where, "%s: %s, call %ld", it->name, how->name, number);
        run_with(it, how, number, where, expected.digest, &refused);
        const bool may_leak = leaks_without_memory();
        run_alike(it, where, &expected);
        check_blocks(where, &blocks, may_leak);
    }
    print_message("%s: %s: %ld of %ld calls failed, %ld runs refused, %.1f s\n", it->name, how->name, chosen,
                  total, refused, (double)(clock() - start) / CLOCKS_PER_SEC);
}

void fail_each_allocation(const scenario *it) {
    if (!calls_have_memory()) {
        print_message("%s: malloc() is the sanitizer's here\n", it->name);
        return;
    }
    fail_each(it, &(way){"no memory", {.calls = CALL_MEMORY | CALL_MAP, .number = ENOMEM}, DN_ERR_MEMORY});
}

void fail_each_file_call(const scenario *it) {
    fail_each(it, &(way){"EIO", {.calls = CALLS_OF_FILES, .number = EIO}, DN_ERR_IO});
    fail_each(
        it, &(way){"EIO for good", {.calls = CALLS_OF_FILES, .number = EIO, .is_lasting = true}, DN_ERR_IO});
}

void fail_each_write_for_space(const scenario *it) {
    const unsigned calls = CALL_OPEN | CALL_WRITE | CALL_SYNC | CALL_CLOSE | CALL_RENAME | CALL_CUT;
    fail_each(it, &(way){"no space", {.calls = calls, .number = ENOSPC}, DN_ERR_NO_SPACE});
}

void disturb_each_file_call(const scenario *it) {
    fail_each(it, &(way){"short", {.calls = CALL_READ | CALL_WRITE}, DN_OK});
    /* what POSIX lets be interrupted; flock() is, on purpose, where somebody waits for it */
    const unsigned interrupted = CALL_OPEN | CALL_READ | CALL_WRITE | CALL_SYNC | CALL_CLOSE | CALL_CUT;
    fail_each(it, &(way){"EINTR", {.calls = interrupted, .number = EINTR}, DN_OK});
    fail_each(it, &(way){"EMFILE", {.calls = CALL_OPEN, .number = EMFILE}, DN_OK});
}

void fail_each_thread(const scenario *it) {
    fail_each(it, &(way){"no thread", {.calls = CALL_THREAD, .number = EAGAIN}, DN_ERR_THREADS});
}

/* ---- the library's own allocator ---- */

static void *allocate(void *context, size_t size) {
    failing_allocator *const self = context;
    if (++self->calls == self->first) return NULL;
    void *const memory = dni_allocate(NULL, size);
    if (!memory) return NULL;
    self->blocks++;
    self->bytes += size;
    return memory;
}

static void release(void *context, void *memory, size_t size) {
    failing_allocator *const self = context;
    self->blocks--;
    self->bytes -= size;
    dni_release(NULL, memory, size);
}

failing_allocator failing_allocator_make(void) {
    return (failing_allocator){.allocator = {.allocate = allocate, .release = release}};
}

void fail_each_block(const scenario *it, failing_allocator *allocator) {
    allocator->allocator.context = allocator;
    allocator->calls = 0;
    prepare(it);
    const results expected = run_plainly(it);
    const long total = allocator->calls;
    assert_true(total > 0);
    for (long number = 1; number <= total; number++) {
        uint64_t digest = 0;
        dn_error error = {.message = ""};
        allocator->calls = 0;
        allocator->first = number;
        const dn_status status = it->run(it->context, &digest, &error);
        allocator->first = 0;
        if (status != DN_ERR_MEMORY)
            fail_msg("%s: block %ld refused: %s", it->name, number, dn_status_name(status));
        check_message(it, it->name, status, &error);
        if (allocator->blocks || allocator->bytes)
            fail_msg("%s: block %ld refused: %zu bytes are left", it->name, number, (size_t)allocator->bytes);
        run_alike(it, it->name, &expected);
    }
    print_message("%s: %ld blocks refused\n", it->name, total);
}
