/* SPDX-License-Identifier: MIT */
/* How much memory a function takes at its peak, in a process of its own. */
#ifndef TEST_SUPPORT_PEAK_H
#define TEST_SUPPORT_PEAK_H

#include "core/status.h"
#include "test/support/sanitizer.h"

#include <stddef.h>
#include <stdint.h>

/* What a process takes beside what is asked for: pages of code, the allocator's own. Where memory has a
 * shadow that counts, nothing can be said, and every peak is allowed; where blocks that are freed stay, it is
 * AddressSanitizer's 256 MB of them. */
#if SANITIZER_SHADOWS_MEMORY
#define PEAK_ALLOWANCE (SIZE_MAX / 2)
#elif SANITIZER_KEEPS_BLOCKS
#define PEAK_ALLOWANCE ((size_t)256 << 20)
#else
#define PEAK_ALLOWANCE ((size_t)4 << 20)
#endif

typedef struct peak_outcome {
    dn_status status;
    dn_error error;
    size_t peak; /* bytes above what the process had before */
} peak_outcome;

/* Runs function(context, &error) alone. Failures end the running test. */
peak_outcome peak_of(dn_status (*function)(const void *context, dn_error *error), const void *context);

#endif
