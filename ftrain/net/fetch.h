/* SPDX-License-Identifier: MIT */
/* One GET over http or https into memory, judged: worth another try or not. */
#ifndef FTRAIN_NET_FETCH_H
#define FTRAIN_NET_FETCH_H

#include "ftrain/net/transfer.h"

#include <stddef.h>

typedef struct fetched {
    unsigned char *bytes; /* of the body; the fetcher's, until the next fetch */
    size_t size;
    fetch_reason reason; /* unless done */
} fetched;

/* Holds the connection, which is used again. `timeout`: seconds that a request may take. NULL: out of
 * memory. */
typedef struct fetcher fetcher;
fetcher *fetcher_create(double timeout, size_t max_bytes);
void fetcher_free(fetcher *fetcher);

fetch_result fetch(fetcher *fetcher, const char *url, fetched *out);

#endif
