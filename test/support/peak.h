/* SPDX-License-Identifier: MIT */
/* How much memory a function takes at its peak, in a process of its own. */
#ifndef TEST_SUPPORT_PEAK_H
#define TEST_SUPPORT_PEAK_H

#include "core/status.h"

#include <stddef.h>

/* What a process takes beside what is asked for: pages of code, the allocator's own. */
#ifdef __SANITIZE_ADDRESS__
enum { PEAK_ALLOWANCE = 64 << 20 }; /* blocks that are freed stay for a while */
#else
enum { PEAK_ALLOWANCE = 4 << 20 };
#endif

typedef struct peak_outcome {
    dn_status status;
    dn_error error;
    size_t peak; /* bytes above what the process had before */
} peak_outcome;

/* Runs function(context, &error) alone. Failures end the running test. */
peak_outcome peak_of(dn_status (*function)(const void *context, dn_error *error), const void *context);

#endif
