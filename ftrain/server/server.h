/* SPDX-License-Identifier: MIT */
/* An HTTP server for pages and programs on this machine, by libmicrohttpd: a thread a connection, so that a
 * handler may wait for what takes long.
 *
 *     static const route routes[] = {
 *         {"GET", "/", show_page, 0},
 *         {"POST", "/decisions", decide, ROUTE_PAGE_ONLY},
 *         {"GET", "/thumbnails/ *", send_thumbnail, 0},        without the blank
 *     };
 *     outcome code = server_open(&server, &options, &site);
 *     if (!code) code = server_start(server);
 *     if (!code) code = server_run(server);
 *     server_free(server);
 *
 * Whom it answers:
 * - It listens on the loopback address unless --listen says otherwise; then every request must bear the
 *   access token, in `Authorization: Bearer TOKEN` or in the cookie that a visit to /?token=TOKEN leaves.
 * - The Host header must be an address, "localhost" or --host's name, so that no foreign name can be made to
 *   lead here (DNS rebinding).
 * - What changes or costs something is asked by POST. A POST from a browser must come from the server's own
 *   page: same Origin, and the token of the page in X-Ftrain-Token. A program sends neither and is let in,
 *   but not to a route with ROUTE_PAGE_ONLY.
 * - Answers carry a Content-Security-Policy under which a page runs nothing but the server's own files, and
 *   are neither kept, sniffed nor framed.
 *
 * What it bears: limits on headers, bodies, all bodies together, connections, and on the time in which a
 * request has to arrive and an answer has to be taken. */
#ifndef FTRAIN_SERVER_SERVER_H
#define FTRAIN_SERVER_SERVER_H

#include "ftrain/server/request.h"
#include "ftrain/server/response.h"
#include "ftrain/shell/options.h"
#include "ftrain/shell/outcome.h"

#include <stddef.h>
#include <stdio.h>

/* Options of a command that serves; zeroed, and then filled by server_option_table. */
typedef struct server_options {
    const char *listen; /* NULL: 127.0.0.1 */
    int port;           /* 0: any that is free */
    const char *token_file, *host;
    int timeout; /* seconds; 0: DEFAULT_TIMEOUT */
} server_options;

enum { DEFAULT_TIMEOUT = 60 };

extern const option_table server_option_table;

/* Handlers of several requests run at the same time. */
typedef void (*route_handler)(void *context, const request *in, response *out);

enum {
    ROUTE_PAGE_ONLY = 1,
    ROUTE_OPEN = 2 /* asks for no access token: tells nothing but that all is well */
};

typedef struct route {
    const char *method; /* "GET", which also answers HEAD, or "POST" */
    const char *path;   /* ends in a slash and a star: all paths that begin so */
    route_handler handle;
    unsigned flags;
} route;

typedef struct server_site {
    const route *routes;
    size_t route_count;
    void *context;   /* of the handlers */
    size_t max_body; /* of a request, bytes */
} server_site;

typedef struct server server;

/* "libmicrohttpd 0.9.75"; NULL where the program was built without it. */
const char *server_library(void);

/* For a command to ask before any work: OUTCOME_OK, or, after a message, why this program cannot serve or
 * not with these options. */
outcome server_options_check(const server_options *options);

/* Listens from here on: who connects waits for server_start(), a signal for server_run(). `options`, `site`
 * and what it points to outlive the server. Returns OUTCOME_OK or, after a message, another outcome. */
outcome server_open(server **out, const server_options *options, const server_site *site);

/* Answers from here on; no further file or socket is opened for it. Returns OUTCOME_OK or, after a message,
 * another outcome. */
outcome server_start(server *self);

/* "http://127.0.0.1:8080/", with "?token=..." where one was drawn because --listen demands it. */
const char *server_url(const server *self);

/* Serves until SIGINT or SIGTERM; then takes no more requests, answers those that have begun, and returns
 * OUTCOME_OK. */
outcome server_run(server *self);

/* Counts of requests and their times, in Prometheus's text format 0.0.4. */
void server_write_metrics(server *self, FILE *to);

/* Waits for handlers that are at work. NULL is fine. */
void server_free(server *self);

#endif
