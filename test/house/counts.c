/* SPDX-License-Identifier: MIT */
/* For `make coverage`: counts that would be lost. They are written when a program ends by exit(), so that a
 * forked child of a test, which ends by _exit(), would have none; and where a test has set a limit to files
 * or memory, they would be cut, and with them those of all runs before. Linked into programs; the linker puts
 * __wrap__exit() in the place of the tests' _exit(). */
#include <gcov.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/resource.h>

_Noreturn void __wrap__exit(int code);

/* Whether there is no limit now. */
static bool lift(int resource) {
    struct rlimit limit;
    if (getrlimit(resource, &limit)) return false;
    if (limit.rlim_cur == RLIM_INFINITY) return true;
    limit = (struct rlimit){RLIM_INFINITY, RLIM_INFINITY};
    return setrlimit(resource, &limit) == 0;
}

/* Before the counts are written at exit(): their destructors have a priority, and come after this one. */
__attribute__((destructor)) static bool lift_limits(void) {
    const bool files = lift(RLIMIT_FSIZE), memory = lift(RLIMIT_AS);
    return files && memory;
}

void __wrap__exit(int code) {
    if (lift_limits()) __gcov_dump();
    _Exit(code);
}
