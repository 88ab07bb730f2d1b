/* SPDX-License-Identifier: MIT */
/* What was asked, as a route's handler sees it. It lives until the handler returns. */
#ifndef FTRAIN_SERVER_REQUEST_H
#define FTRAIN_SERVER_REQUEST_H

#include "core/status.h"

#include <stddef.h>

typedef struct exchange exchange; /* the server's own */

typedef struct request {
    const char *method; /* "GET" also where the client asked for the head alone */
    const char *path;   /* percent-decoded, without the query */
    const char *rest; /* what stands for the * of the route's path, percent-decoded, of any bytes; else "" */
    const unsigned char *body;
    size_t size;
    const char *page_token; /* what the server's own pages send in the header X-Ftrain-Token */
    struct server *server;  /* that was asked */
    exchange *exchange;
} request;

/* The value of a header (in any case of letters) or of a query's key, percent-decoded; NULL: none. */
const char *request_header(const request *self, const char *name);
const char *request_query(const request *self, const char *name);

/* A part of a multipart/form-data body (RFC 7578). */
typedef struct request_part {
    char *name, *file_name, *type; /* file_name, type: "" where the client gave none */
    unsigned char *bytes;
    size_t size;
} request_part;

typedef struct request_parts {
    request_part *parts;
    size_t count;
} request_parts;

/* The parts of the body, in order. DN_ERR_UNSUPPORTED where the body is said to be something else,
 * DN_ERR_CORRUPT where it is broken, DN_ERR_ARGUMENT where it has more than `max_parts`, DN_ERR_MEMORY. */
dn_status request_parts_read(request_parts *out, const request *self, size_t max_parts, dn_error *error);
void request_parts_free(request_parts *parts);

#endif
