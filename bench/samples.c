/* SPDX-License-Identifier: MIT */
/* Samples by SIGALRM from a timer of real time. ITIMER_PROF would count the processor's time instead, but
 * many systems only look at that a hundred or two hundred and fifty times a second. */
#if defined(__linux__)
#define _GNU_SOURCE /* REG_RIP, dl_iterate_phdr */
#endif
#include "bench/samples.h"

#include "core/error.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/time.h>

#if defined(__linux__) && (defined(__x86_64__) || defined(__aarch64__))

#include <link.h>
#include <ucontext.h>

enum { MAX_SAMPLES = 1 << 16, MICROSECONDS = 997 }; /* not in step with anything that goes by milliseconds */

static uintptr_t samples[MAX_SAMPLES];
static atomic_size_t taken;
static struct sigaction before;

static void take(int signal_number, siginfo_t *info, void *context) {
    (void)signal_number;
    (void)info;
    const ucontext_t *at = context;
    const size_t i = atomic_fetch_add(&taken, 1);
    if (i >= MAX_SAMPLES) return;
#if defined(__x86_64__)
    samples[i] = (uintptr_t)at->uc_mcontext.gregs[REG_RIP];
#else
    samples[i] = (uintptr_t)at->uc_mcontext.pc;
#endif
}

static int set_timer(long microseconds) {
    const struct timeval every = {.tv_usec = microseconds};
    const struct itimerval timer = {.it_interval = every, .it_value = every};
    return setitimer(ITIMER_REAL, &timer, NULL);
}

dn_status bench_samples_start(dn_error *error) {
    struct sigaction action = {.sa_sigaction = take, .sa_flags = SA_SIGINFO | SA_RESTART};
    sigemptyset(&action.sa_mask);
    atomic_store(&taken, 0);
    if (sigaction(SIGALRM, &action, &before) != 0 || set_timer(MICROSECONDS) != 0)
        return dni_fail(error, DN_ERR_IO, "the system gives no timer for samples");
    return DN_OK;
}

/* ---- addresses ---- */

/* Where the program lies in memory. */
typedef struct extent {
    uintptr_t base, size;
} extent;

static int find_program(struct dl_phdr_info *info, size_t size, void *context) {
    (void)size;
    extent *program = context;
    program->base = info->dlpi_addr;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const uintptr_t end = info->dlpi_phdr[i].p_vaddr + info->dlpi_phdr[i].p_memsz;
        if (info->dlpi_phdr[i].p_type == PT_LOAD && end > program->size) program->size = end;
    }
    return 1; /* the program is the first that is named: no other one */
}

static int by_address(const void *a, const void *b) {
    const uintptr_t x = *(const uintptr_t *)a, y = *(const uintptr_t *)b;
    return (x > y) - (x < y);
}

json_t *bench_samples_stop(void) {
    set_timer(0);
    sigaction(SIGALRM, &before, NULL);
    extent program = {0};
    dl_iterate_phdr(find_program, &program);
    const size_t all = atomic_load(&taken), count = all < MAX_SAMPLES ? all : MAX_SAMPLES;
    qsort(samples, count, sizeof *samples, by_address);
    json_t *addresses = json_array();
    json_int_t elsewhere = 0;
    for (size_t i = 0, next; i < count; i = next) {
        for (next = i + 1; next < count && samples[next] == samples[i];) next++;
        const uintptr_t address = samples[i] - program.base;
        if (address < program.size)
            json_array_append_new(addresses,
                                  json_pack("[I, I]", (json_int_t)address, (json_int_t)(next - i)));
        else
            elsewhere += (json_int_t)(next - i);
    }
    return json_pack("{s:o, s:I}", "addresses", addresses, "elsewhere", elsewhere);
}

#else

dn_status bench_samples_start(dn_error *error) {
    return dni_fail(error, DN_ERR_UNSUPPORTED, "--samples: only on Linux, on x86-64 and aarch64");
}

json_t *bench_samples_stop(void) {
    return json_object();
}

#endif
