/* SPDX-License-Identifier: MIT */
/* What requests over http and https have in common: how libcurl is set up, and what an end is worth. */
#ifndef FTRAIN_NET_TRANSFER_H
#define FTRAIN_NET_TRANSFER_H

#include <curl/curl.h>
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

/* Why a request failed. */
typedef struct fetch_reason {
    long retry_after; /* seconds the server asks to wait; 0: it does not */
    char text[300];
} fetch_reason;

/* A handle, whose connection is used again. */
typedef struct transfer {
    CURL *curl;
    size_t max_bytes;
    char detail[CURL_ERROR_SIZE]; /* libcurl's words on the last failure */
} transfer;

/* Takes the body's pieces, as libcurl's CURLOPT_WRITEFUNCTION. */
typedef size_t transfer_take(char *data, size_t one, size_t count, void *context);

/* Proxies are those of libcurl's environment variables. `connect`: seconds that a connection may take to
 * make; `max_bytes`: a body that says it is larger is FETCH_TOO_LARGE; `take` must look at one that does not
 * say. False: out of memory; either way transfer_close() lets go of it. `t` must not move in between. */
bool transfer_open(transfer *t, double connect, size_t max_bytes, transfer_take *take, void *context);
void transfer_close(transfer *t);

/* FETCH_TOO_LARGE, with its reason. */
fetch_result transfer_too_large(const transfer *t, fetch_reason *reason);

/* The request, and what its end is worth. *reason is set unless it is FETCH_DONE. */
fetch_result transfer_perform(transfer *t, const char *url, fetch_reason *reason);

#endif
