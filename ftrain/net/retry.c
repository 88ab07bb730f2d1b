/* SPDX-License-Identifier: MIT */
/* Waiting, and the end of patience. */
#include "ftrain/net/retry.h"

#include "ftrain/shell/interrupt.h"
#include "ftrain/shell/message.h"

#include <time.h>
#include <unistd.h>

/* Seconds: the longest wait of our own, the longest a server may ask for, between looks at the interrupt
 * flag. */
static const double longest_backoff = 60, longest_asked = 600, slice = 0.1;

dni_rng retry_jitter(void) {
    return dni_rng_named((uint64_t)time(NULL) ^ (uint64_t)getpid() << 32, "jitter");
}

outcome wait_seconds(double seconds) {
    while (seconds > 0 && !interrupted()) {
        const double turn = seconds < slice ? seconds : slice;
        nanosleep(&(struct timespec){.tv_nsec = (long)(turn * 1e9)}, NULL);
        seconds -= turn;
    }
    return interrupted() ? OUTCOME_INTERRUPTED : OUTCOME_OK;
}

/* Doubled with every try, and by chance up to halved, so that many who failed together do not come back
 * together; never less than the server asks for, nor than the policy's least. */
static double next_wait(retry_policy *policy, int attempt, const fetch_reason *reason) {
    double seconds = policy->backoff;
    for (int i = 0; i < attempt && seconds < longest_backoff; i++) seconds *= 2;
    if (seconds > longest_backoff) seconds = longest_backoff;
    seconds *= 0.5 + 0.5 * (double)dni_rng_uniform(&policy->jitter);
    if (seconds < (double)reason->retry_after) seconds = (double)reason->retry_after;
    return seconds < policy->least ? policy->least : seconds;
}

outcome retry_wait(retry_policy *policy, int attempt, const char *shown, const fetch_reason *reason) {
    if (attempt == policy->retries || (double)reason->retry_after > longest_asked) {
        message("%s: %s", shown, reason->text);
        if (reason->retry_after)
            message("the server asks to wait for %ld s; run the command again then", reason->retry_after);
        return OUTCOME_MACHINE;
    }
    const double seconds = next_wait(policy, attempt, reason);
    message("%s; trying again in %.1f s (%d of %d)", reason->text, seconds, attempt + 1, policy->retries);
    return wait_seconds(seconds);
}
