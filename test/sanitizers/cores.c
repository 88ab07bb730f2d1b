/* SPDX-License-Identifier: MIT */
/* For `make tsan`: as many cores as DN_TEST_THREADS says, whatever the machine has, so that all that takes a
 * thread for each core, the program's commands too, takes so many. Linked into programs, where it comes
 * before the C library's function. */
#define _GNU_SOURCE /* sched_getaffinity */
#include <sched.h>
#include <stdlib.h>

int sched_getaffinity(pid_t process, size_t size, cpu_set_t *set) {
    (void)process;
    const char *const threads = getenv("DN_TEST_THREADS");
    const int cores = threads ? atoi(threads) : 1;
    CPU_ZERO_S(size, set);
    for (int i = 0; i < cores; i++) CPU_SET_S((size_t)i, size, set);
    return 0;
}
