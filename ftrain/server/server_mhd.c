/* SPDX-License-Identifier: MIT */
/* The server: connections, their deadlines, and the end. */
#include "ftrain/server/private.h"

#include "core/clock.h"
#include "ftrain/shell/interrupt.h"
#include "ftrain/shell/message.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    MAX_CONNECTIONS = 256,    /* each has a thread */
    HEADER_BYTES = 32 * 1024, /* of a request, its first line included */
};

static const double TICK_SECONDS = 0.1; /* how often signals and deadlines are looked at */

/* ---- connections ---- */

static double seconds_of(const server *self) {
    return self->options->timeout ? self->options->timeout : DEFAULT_TIMEOUT;
}

void server_give_time(server *self, peer *of, bool is_waiting) {
    if (!of) return;
    pthread_mutex_lock(&self->lock);
    of->deadline = is_waiting ? dni_clock_seconds() + seconds_of(self) : (double)INFINITY;
    pthread_mutex_unlock(&self->lock);
}

static void add_peer(server *self, peer *added) {
    pthread_mutex_lock(&self->lock);
    added->after = self->peers;
    if (added->after) added->after->before = added;
    self->peers = added;
    pthread_mutex_unlock(&self->lock);
}

static void remove_peer(server *self, peer *removed) {
    pthread_mutex_lock(&self->lock);
    if (removed->before)
        removed->before->after = removed->after;
    else
        self->peers = removed->after;
    if (removed->after) removed->after->before = removed->before;
    pthread_mutex_unlock(&self->lock);
    free(removed);
}

/* A connection without a peer, for lack of memory, has libmicrohttpd's time-out alone. */
static void on_connection(void *context, struct MHD_Connection *connection, void **state,
                          enum MHD_ConnectionNotificationCode what) {
    server *self = context;
    if (what == MHD_CONNECTION_NOTIFY_CLOSED) {
        if (*state) remove_peer(self, *state);
        *state = NULL;
        return;
    }
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    peer *added = info ? calloc(1, sizeof *added) : NULL;
    *state = added;
    if (!added) return;
    added->socket = info->connect_fd;
    added->deadline = dni_clock_seconds() + seconds_of(self);
    atomic_fetch_add(&self->connections, 1);
    add_peer(self, added);
}

/* Ends the connections of clients that are too slow, a byte now and then included, which libmicrohttpd's own
 * time-out would bear. The socket is still the peer's: it is closed only after the peer was removed. */
static void end_slow_peers(server *self) {
    const double now = dni_clock_seconds();
    pthread_mutex_lock(&self->lock);
    for (peer *each = self->peers; each; each = each->after)
        if (each->deadline < now) {
            shutdown(each->socket, SHUT_RDWR);
            each->deadline = (double)INFINITY;
        }
    pthread_mutex_unlock(&self->lock);
}

/* ---- counts ---- */

static const int statuses[COUNTED_STATUSES] = {200, 303, 400, 401, 403, 404, 405, 409, 411,
                                               413, 415, 421, 422, 429, 500, 503, 0};

static size_t route_number(const server *self, const route *found) {
    const server_site *site = self->site;
    if (found >= site->routes && found < site->routes + site->route_count)
        return (size_t)(found - site->routes);
    return site->route_count;
}

void server_count(server *self, const exchange *ended) {
    route_counts *counts = &self->counts[route_number(self, ended->route)];
    int place = 0;
    while (statuses[place] && statuses[place] != ended->answer.status) place++;
    atomic_fetch_add(&counts->statuses[place], 1);
    histogram_add(&counts->seconds, dni_clock_seconds() - ended->begin);
}

static void write_requests(server *self, FILE *to, size_t number) {
    const server_site *site = self->site;
    const char *path = number < site->route_count ? site->routes[number].path : "other";
    const char *method = number < site->route_count ? site->routes[number].method : "any";
    for (int i = 0; i < COUNTED_STATUSES; i++) {
        char name[200], status[8] = "other";
        const unsigned long long count = atomic_load(&self->counts[number].statuses[i]);
        if (!count) continue;
        if (statuses[i]) snprintf(status, sizeof status, "%d", statuses[i]);
        snprintf(name, sizeof name, "ftrain_http_requests_total{method=\"%s\",path=\"%s\",code=\"%s\"}",
                 method, path, status);
        metrics_sample(to, name, (double)count);
    }
}

void server_write_metrics(server *self, FILE *to) {
    const size_t count = self->site->route_count + 1;
    metrics_declare(to, "ftrain_http_requests_total", "counter", "Requests that were answered or given up.");
    for (size_t i = 0; i < count; i++) write_requests(self, to, i);
    metrics_declare(to, "ftrain_http_request_duration_seconds", "histogram",
                    "From a request's headers to the end of its answer.");
    for (size_t i = 0; i < count; i++) {
        char labels[128];
        snprintf(labels, sizeof labels, "path=\"%s\"", i + 1 < count ? self->site->routes[i].path : "other");
        metrics_histogram(to, "ftrain_http_request_duration_seconds", labels, &self->counts[i].seconds);
    }
    pthread_mutex_lock(&self->lock);
    const int active = self->active;
    pthread_mutex_unlock(&self->lock);
    metrics_declare(to, "ftrain_http_requests_active", "gauge", "Requests that are being answered.");
    metrics_sample(to, "ftrain_http_requests_active", active);
    metrics_declare(to, "ftrain_http_connections_total", "counter", "Connections that were opened.");
    metrics_sample(to, "ftrain_http_connections_total", (double)atomic_load(&self->connections));
}

/* ---- beginning ---- */

static outcome choose_tokens(server *self) {
    const char *file = self->options->token_file, *variable = getenv("FTRAIN_TOKEN");
    char drawn[GUARD_TOKEN];
    dn_error error;
    dn_status status = guard_draw_token(self->page_token, &error);
    if (!status && file) {
        status = guard_read_token(&self->token, file, &error);
    } else if (!status && variable && *variable) {
        status = guard_check_token(variable, "$FTRAIN_TOKEN", &error);
        if (!status && !(self->token = strdup(variable))) return report_no_memory();
    } else if (!status && !self->listener.is_loopback) {
        status = guard_draw_token(drawn, &error);
        if (!status && !(self->token = strdup(drawn))) return report_no_memory();
        self->token_is_drawn = true;
    }
    return status ? report(&error, OUTCOME_USAGE) : OUTCOME_OK;
}

/* Cookies are shared by all ports of a host. */
static void name_cookie(server *self) {
    const char *port = strrchr(self->listener.url, ':');
    snprintf(self->cookie, sizeof self->cookie, "ftrain-%.*s", (int)strspn(port + 1, "0123456789"), port + 1);
    snprintf(self->url, sizeof self->url, "%s%s%s", self->listener.url, self->token_is_drawn ? "?token=" : "",
             self->token_is_drawn ? self->token : "");
}

outcome server_open(server **out, const server_options *options, const server_site *site) {
    *out = NULL;
    server *self = calloc(1, sizeof *self);
    if (!self) return report_no_memory();
    pthread_mutex_init(&self->lock, NULL);
    self->options = options;
    self->site = site;
    self->listener.socket = -1;
    self->counts = calloc(site->route_count + 1, sizeof *self->counts);
    outcome code = self->counts ? OUTCOME_OK : report_no_memory();
    for (size_t i = 0; !code && i <= site->route_count; i++) self->counts[i].seconds = histogram_of_seconds();
    if (!code) code = listener_open(&self->listener, options->listen, options->port);
    if (!code) code = choose_tokens(self);
    if (!code) name_cookie(self);
    if (!code) self->signals_waited = interrupts_wait(true); /* whoever knows the address may send one */
    if (!code) self->signals_wait = true;
    if (code)
        server_free(self);
    else
        *out = self;
    return code;
}

outcome server_start(server *self) {
    errno = 0;
    self->daemon = MHD_start_daemon(
        MHD_USE_THREAD_PER_CONNECTION | MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_POLL | MHD_USE_ITC, 0, NULL,
        NULL, exchange_step, self, MHD_OPTION_LISTEN_SOCKET, self->listener.socket,
        MHD_OPTION_CONNECTION_LIMIT, (unsigned)MAX_CONNECTIONS, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        (size_t)HEADER_BYTES, MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)seconds_of(self),
        MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1, MHD_OPTION_NOTIFY_COMPLETED,
        exchange_end, self, MHD_OPTION_NOTIFY_CONNECTION, on_connection, self, MHD_OPTION_END);
    if (self->daemon) return OUTCOME_OK;
    message("the server cannot be started: %s", strerror(errno ? errno : ENOMEM));
    return OUTCOME_MACHINE;
}

const char *server_library(void) {
    static char name[64];
    snprintf(name, sizeof name, "libmicrohttpd %s", MHD_get_version());
    return name;
}

const char *server_url(const server *self) {
    return self->url;
}

/* ---- serving, and the end ---- */

static void wait_a_tick(void) {
    const struct timespec tick = {.tv_nsec = (long)(TICK_SECONDS * 1e9)};
    nanosleep(&tick, NULL); /* a signal ends it early */
}

static bool is_active(server *self) {
    pthread_mutex_lock(&self->lock);
    const bool active = self->active > 0;
    pthread_mutex_unlock(&self->lock);
    return active;
}

outcome server_run(server *self) {
    while (!interrupted()) {
        wait_a_tick();
        end_slow_peers(self);
    }
    atomic_store(&self->is_ending, true);
    const int listening = MHD_quiesce_daemon(self->daemon); /* takes no more connections */
    if (listening >= 0) close(listening);
    self->listener.socket = -1;
    do {
        wait_a_tick(); /* at least one, for what has arrived and is not looked at yet */
        end_slow_peers(self);
    } while (is_active(self));
    interrupts_forget();
    return OUTCOME_OK;
}

void server_free(server *self) {
    if (!self) return;
    atomic_store(&self->is_ending, true);
    if (self->daemon) {
        MHD_stop_daemon(self->daemon); /* closes the socket, too, unless server_run() did */
        self->listener.socket = -1;
    }
    if (self->listener.socket >= 0) close(self->listener.socket);
    if (self->signals_wait) interrupts_wait(self->signals_waited);
    pthread_mutex_destroy(&self->lock);
    free(self->counts);
    free(self->token);
    free(self);
}
