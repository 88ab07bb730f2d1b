/* SPDX-License-Identifier: MIT */
/* One request, from its headers to the last byte of its answer, in libmicrohttpd's steps: exchange_step() is
 * called with the headers, then with each piece of the body, then once more to answer. */
#include "ftrain/server/private.h"

#include "core/clock.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* All bodies together take at most so many times the largest that one may have. */
enum { BODIES = 8 };

/* Nothing but files of this server runs on its pages, and they talk to nobody else. */
static const char POLICY[] =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/* ---- the request, for handlers ---- */

const char *request_header(const request *self, const char *name) {
    return MHD_lookup_connection_value(self->exchange->connection, MHD_HEADER_KIND, name);
}

const char *request_query(const request *self, const char *name) {
    return MHD_lookup_connection_value(self->exchange->connection, MHD_GET_ARGUMENT_KIND, name);
}

/* ---- the answer ---- */

static bool has_header(const response *answer, const char *name) {
    for (int i = 0; i < answer->header_count; i++)
        if (strcasecmp(answer->headers[i].name, name) == 0) return true;
    return false;
}

/* False without memory. */
static bool add_headers(struct MHD_Response *to, const exchange *self) {
    const response *answer = &self->answer;
    const char *const fields[][2] = {
        {"Content-Type", answer->type},
        {"Content-Security-Policy", POLICY},
        {"X-Content-Type-Options", "nosniff"},
        {"Referrer-Policy", "no-referrer"},
        {"Cross-Origin-Resource-Policy", "same-origin"},
        {"Cache-Control", has_header(answer, "Cache-Control") ? NULL : "no-store"},
        {"Connection", atomic_load(&self->server->is_ending) ? "close" : NULL},
    };
    bool is_whole = true;
    for (size_t i = 0; is_whole && i < sizeof fields / sizeof *fields; i++)
        if (fields[i][1]) is_whole = MHD_add_response_header(to, fields[i][0], fields[i][1]) == MHD_YES;
    for (int i = 0; is_whole && i < answer->header_count; i++)
        is_whole = MHD_add_response_header(to, answer->headers[i].name, answer->headers[i].value) == MHD_YES;
    return is_whole;
}

static enum MHD_Result send_answer(exchange *self) {
    response *answer = &self->answer;
    struct MHD_Response *message = MHD_create_response_from_buffer(
        answer->size, answer->body ? answer->body : (void *)"",
        answer->is_borrowed || !answer->body ? MHD_RESPMEM_PERSISTENT : MHD_RESPMEM_MUST_FREE);
    if (!message) return MHD_NO; /* no memory: the connection is closed */
    answer->body = NULL;         /* libmicrohttpd's now */
    server_give_time(self->server, self->peer, true);
    /* an answer that lacks one of its headers would not be safe: rather none */
    const enum MHD_Result queued =
        add_headers(message, self) ? MHD_queue_response(self->connection, (unsigned)answer->status, message)
                                   : MHD_NO;
    MHD_destroy_response(message);
    return queued;
}

/* ---- the body ---- */

static bool reserve(exchange *self, size_t capacity) {
    server *owner = self->server;
    const size_t more = capacity - self->capacity;
    if (atomic_fetch_add(&owner->body_bytes, more) + more > BODIES * owner->site->max_body) {
        atomic_fetch_sub(&owner->body_bytes, more);
        response_error(&self->answer, 503, "too much is being sent at the same time");
        response_header(&self->answer, "Retry-After", "1");
        return false;
    }
    unsigned char *grown = realloc(self->body, capacity);
    if (!grown) {
        atomic_fetch_sub(&owner->body_bytes, more);
        response_error(&self->answer, 500, "out of memory");
        return false;
    }
    self->body = grown;
    self->capacity = capacity;
    return true;
}

/* What comes after a refusal is thrown away, so that the client gets to read why. */
static void take(exchange *self, const char *bytes, size_t count) {
    request *asked = &self->request;
    const size_t limit = strcmp(asked->method, "POST") == 0 ? self->server->site->max_body : 0;
    if (!self->answer.status && asked->size + count > limit)
        response_error(&self->answer, 413, "the body has more than %zu bytes", limit);
    if (!self->answer.status && asked->size + count > self->capacity) {
        const size_t twice = 2 * self->capacity, needed = asked->size + count;
        reserve(self, twice > needed ? (twice < limit ? twice : limit) : needed);
    }
    if (self->answer.status) return;
    memcpy(self->body + asked->size, bytes, count);
    asked->size += count;
}

/* ---- steps ---- */

static exchange *begin(server *owner, struct MHD_Connection *connection, const char *url,
                       const char *method) {
    exchange *self = calloc(1, sizeof *self);
    if (!self) return NULL;
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    self->server = owner;
    self->connection = connection;
    self->peer = info ? info->socket_context : NULL;
    self->is_head = strcmp(method, "HEAD") == 0;
    self->request = (request){.method = self->is_head ? "GET" : method,
                              .path = url,
                              .rest = "",
                              .page_token = owner->page_token,
                              .server = owner,
                              .exchange = self};
    self->begin = dni_clock_seconds();
    pthread_mutex_lock(&owner->lock);
    owner->active++;
    pthread_mutex_unlock(&owner->lock);
    server_give_time(owner, self->peer, true);
    exchange_examine(self);
    return self;
}

/* A client that waits to be told to go on, or has much more to send than is ever read, is answered at once;
 * of any other the body is read first, since a connection that is closed before loses the answer. */
static bool must_answer_now(const exchange *self) {
    const char *length = request_header(&self->request, "Content-Length");
    if (!self->answer.status) return false;
    return request_header(&self->request, "Expect") ||
           (length && strtoull(length, NULL, 10) > 2 * self->server->site->max_body);
}

static enum MHD_Result answer(exchange *self) {
    if (!self->answer.status) {
        self->request.body = self->body;
        server_give_time(self->server, self->peer, false);
        self->route->handle(self->server->site->context, &self->request, &self->answer);
        if (!self->answer.status) response_error(&self->answer, 500, "no answer");
    }
    return send_answer(self);
}

enum MHD_Result exchange_step(void *context, struct MHD_Connection *connection, const char *url,
                              const char *method, const char *version, const char *upload,
                              size_t *upload_size, void **state) {
    (void)version;
    exchange *self = *state;
    if (!self) {
        *state = self = begin(context, connection, url, method);
        if (!self) return MHD_NO;
        return must_answer_now(self) ? send_answer(self) : MHD_YES;
    }
    if (!*upload_size) return answer(self);
    take(self, upload, *upload_size);
    *upload_size = 0;
    return MHD_YES;
}

void exchange_end(void *context, struct MHD_Connection *connection, void **state,
                  enum MHD_RequestTerminationCode why) {
    (void)connection, (void)why;
    server *owner = context;
    exchange *self = *state;
    if (!self) return;
    *state = NULL;
    server_count(owner, self);
    server_give_time(owner, self->peer, true);
    atomic_fetch_sub(&owner->body_bytes, self->capacity);
    free(self->body);
    response_clear(&self->answer);
    free(self);
    pthread_mutex_lock(&owner->lock);
    owner->active--;
    pthread_mutex_unlock(&owner->lock);
}
