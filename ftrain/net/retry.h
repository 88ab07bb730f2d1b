/* SPDX-License-Identifier: MIT */
/* Requests that fail in a way that may pass are made again, after waits that grow. */
#ifndef FTRAIN_NET_RETRY_H
#define FTRAIN_NET_RETRY_H

#include "core/rng.h"
#include "ftrain/net/transfer.h"
#include "ftrain/shell/outcome.h"

typedef struct retry_policy {
    int retries;    /* of one request, at most */
    double backoff; /* seconds before the first; doubled for each further one, up to a minute */
    double least;   /* seconds: no wait is shorter */
    dni_rng jitter; /* of retry_jitter() */
} retry_policy;

/* Differs from one run to the next. */
dni_rng retry_jitter(void);

/* OUTCOME_OK, or OUTCOME_INTERRUPTED as soon as a signal waits; the signals must be let wait. */
outcome wait_seconds(double seconds);

/* After try number `attempt`, from 0 on, has ended with `reason`: says so and waits. OUTCOME_OK: try again.
 * Else, after a message that names `shown`, the address without its password: OUTCOME_MACHINE, there are no
 * tries left or the server asks for too long a wait; or OUTCOME_INTERRUPTED. */
outcome retry_wait(retry_policy *policy, int attempt, const char *shown, const fetch_reason *reason);

#endif
