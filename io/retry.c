/* SPDX-License-Identifier: MIT */
/* Trying again. */
#include "io/retry.h"

#include <errno.h>
#include <time.h>

enum { ATTEMPTS = 10 }; /* 1, 2, 4, ... 512 milliseconds */

bool dni_retry(int number, int *attempt) {
    if (number != EINTR && number != EAGAIN && number != EMFILE && number != ENFILE) return false;
    if (*attempt == ATTEMPTS) return false;
    const struct timespec pause = {.tv_nsec = 1000000L << (*attempt)++};
    nanosleep(&pause, NULL);
    return true;
}
