/* SPDX-License-Identifier: MIT */
/* The inside of the server, for the files of this folder that use libmicrohttpd. */
#ifndef FTRAIN_SERVER_PRIVATE_H
#define FTRAIN_SERVER_PRIVATE_H

#include "ftrain/server/guard.h"
#include "ftrain/server/listener.h"
#include "ftrain/server/metrics.h"
#include "ftrain/server/server.h"

#include <microhttpd.h>
#include <pthread.h>
#include <stdatomic.h>

enum { COUNTED_STATUSES = 20 };

/* What was asked of one route so far. */
typedef struct route_counts {
    atomic_ullong statuses[COUNTED_STATUSES];
    histogram seconds;
} route_counts;

/* An open connection, in the server's list. */
typedef struct peer peer;
struct peer {
    int socket;
    double
        deadline; /* of what the client has to do now: send a request, or take an answer; infinite: nothing */
    peer *before, *after;
};

struct server {
    const server_options *options;
    const server_site *site;
    listener listener;
    char url[400];
    char *token;                              /* for access; NULL: not asked for */
    char page_token[GUARD_TOKEN], cookie[32]; /* cookie: its name, which the port is part of */
    bool token_is_drawn;
    bool signals_wait, signals_waited; /* since this server listens; before it did */
    struct MHD_Daemon *daemon;
    atomic_bool is_ending;

    pthread_mutex_t lock; /* guards what follows */
    peer *peers;
    int active; /* requests that have begun and are not answered yet */

    atomic_size_t body_bytes; /* of all requests */
    atomic_ullong connections;
    route_counts *counts; /* (routes + 1); the last: what no route was found for */
};

/* One request and its answer. */
struct exchange {
    server *server;
    struct MHD_Connection *connection;
    peer *peer;
    const route *route; /* NULL: none was found */
    request request;
    response answer;
    bool is_head;
    unsigned char *body;
    size_t capacity;
    double begin;
};

/* libmicrohttpd's callbacks. */
enum MHD_Result exchange_step(void *context, struct MHD_Connection *connection, const char *url,
                              const char *method, const char *version, const char *upload,
                              size_t *upload_size, void **state);
void exchange_end(void *context, struct MHD_Connection *connection, void **state,
                  enum MHD_RequestTerminationCode why);

/* Answers the exchange unless the request may pass: see ftrain/server/server.h. */
void exchange_examine(exchange *self);

/* Gives the client the server's time-out, or `is_waiting` false: as long as it takes. */
void server_give_time(server *self, peer *of, bool is_waiting);
void server_count(server *self, const exchange *ended);

/* Further routes that every server has. */
extern const route server_own_routes[];
extern const size_t server_own_route_count;

#endif
