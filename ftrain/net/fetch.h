/* One GET over http or https, judged: worth another try or not. */
#ifndef FTRAIN_NET_FETCH_H
#define FTRAIN_NET_FETCH_H

#include <stdbool.h>
#include <stddef.h>

typedef enum fetch_result {
    FETCH_DONE,        /* a whole body under a 2xx status */
    FETCH_AGAIN,       /* may go away by itself: no connection, time out, cut short, 408, 429, 5xx */
    FETCH_REFUSED,     /* will not: any other status, too many redirects, a certificate that is wrong */
    FETCH_TOO_LARGE,   /* more bytes than allowed, in the body or in a header */
    FETCH_INTERRUPTED, /* by a signal */
    FETCH_NO_MEMORY,
} fetch_result;

typedef struct fetched {
    unsigned char *bytes; /* of the body; the fetcher's, until the next fetch */
    size_t size;
    long retry_after; /* seconds the server asks to wait; 0: it does not */
    char reason[300]; /* unless done */
} fetched;

/* Holds the connection, which is used again. NULL: out of memory. */
typedef struct fetcher fetcher;
fetcher *fetcher_create(double timeout, size_t max_bytes);
void fetcher_free(fetcher *fetcher);

fetch_result fetch(fetcher *fetcher, const char *url, fetched *out);

#endif
