/* SPDX-License-Identifier: MIT */
/* Trying again. */
#include "io/retry.h"

#include <errno.h>
#include <fcntl.h>
#include <time.h>
#include <unistd.h>

enum { ATTEMPTS = 10 }; /* 1, 2, 4, ... 512 milliseconds */

bool dni_retry(int number, int *attempt) {
    if (number != EINTR && number != EAGAIN && number != EMFILE && number != ENFILE) return false;
    if (*attempt == ATTEMPTS) return false;
    const struct timespec pause = {.tv_nsec = 1000000L << (*attempt)++};
    nanosleep(&pause, NULL);
    return true;
}

int dni_open(const char *path, int flags, unsigned mode) {
    int attempt = 0, descriptor;
    do descriptor = open(path, flags, mode);
    while (descriptor < 0 && dni_retry(errno, &attempt));
    return descriptor;
}

int dni_duplicate(int descriptor) {
    int attempt = 0, copy;
    do copy = fcntl(descriptor, F_DUPFD_CLOEXEC, 0);
    while (copy < 0 && dni_retry(errno, &attempt));
    return copy;
}

int dni_cut(int descriptor, uint64_t size) {
    int attempt = 0, failed;
    do failed = ftruncate(descriptor, (off_t)size);
    while (failed && dni_retry(errno, &attempt));
    return failed;
}
