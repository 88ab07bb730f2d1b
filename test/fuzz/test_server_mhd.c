/* SPDX-License-Identifier: MIT */
/* What a client sends to the server, byte for byte, through a pair of sockets. Whatever it is, it gets an
 * answer of HTTP or none, and what reaches a handler is what may: no token of the page can be guessed, so no
 * route of the page alone is reached, and a POST that a browser marks as its own neither; the Host is one of
 * the server's; bodies and their parts are within their limits. */
#include "test/fuzz/fuzz.h"

#include "ftrain/server/private.h"
#include "ftrain/shell/message.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { MAX_BODY = 2000, MAX_PARTS = 4, ANSWER_SECONDS = 20 };

static void check_common(const request *in) {
    const char *const host = request_header(in, "Host");
    fuzz_require(host && guard_host_is_ours(host, NULL), "host '%s'", host ? host : "");
    fuzz_require(in->size <= MAX_BODY, "a body of %zu bytes", in->size);
}

static void show(void *context, const request *in, response *out) {
    (void)context;
    check_common(in);
    fuzz_require(in->size == 0, "a body of %zu bytes with GET", in->size);
    const char *const query = request_query(in, "q");
    response_text(out, 200, query ? query : in->rest);
}

static void take_parts(void *context, const request *in, response *out) {
    static const char *const of_browsers[] = {"Origin", "Sec-Fetch-Site", "Referer", "Cookie"};
    (void)context;
    check_common(in);
    for (size_t i = 0; i < sizeof of_browsers / sizeof *of_browsers; i++)
        fuzz_require(!request_header(in, of_browsers[i]), "%s in a POST without the page's token",
                     of_browsers[i]);
    request_parts parts;
    dn_error error = {.message = ""};
    const dn_status status = request_parts_read(&parts, in, MAX_PARTS, &error);
    size_t sum = 0;
    for (size_t i = 0; i < parts.count; i++) sum += parts.parts[i].size;
    fuzz_require(parts.count <= MAX_PARTS && sum <= in->size, "%zu parts of %zu bytes", parts.count, sum);
    fuzz_require(!status || !parts.parts, "something is left of what was refused");
    if (status)
        fuzz_check_refusal(status, &error, "");
    else
        fuzz_take();
    response_text(out, status ? 400 : 200, error.message);
    request_parts_free(&parts);
}

static void refuse(void *context, const request *in, response *out) {
    (void)context, (void)out;
    fuzz_fail(__FILE__, __LINE__, "the page's token", "%s %s was reached without it", in->method, in->path);
}

static const route routes[] = {
    {"GET", "/", show, 0},
    {"GET", "/files/*", show, 0},
    {"POST", "/parts", take_parts, 0},
    {"POST", "/page", refuse, ROUTE_PAGE_ONLY},
};
static const server_site site = {.routes = routes, .route_count = 4, .max_body = MAX_BODY};
static server *running;

static void ignore_message(const char *text) {
    (void)text;
}

static void stop_server(void) {
    server_free(running);
}

static void start_server(void) {
    static const server_options options = {.timeout = ANSWER_SECONDS};
    message_divert(ignore_message);
    fuzz_require(!server_open(&running, &options, &site) && !server_start(running),
                 "the server does not start");
    atexit(stop_server);
}

/* Our end of a connection with the server. */
static int connect_to_server(void) {
    const struct sockaddr_un address = {.sun_family = AF_UNIX};
    int ends[2];
    fuzz_require(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0, "no pair of sockets");
    fuzz_require(MHD_add_connection(running->daemon, ends[1], (const struct sockaddr *)&address,
                                    sizeof address) == MHD_YES,
                 "the connection is not taken");
    const struct timeval limit = {.tv_sec = ANSWER_SECONDS / 2};
    fuzz_require(setsockopt(ends[0], SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) == 0, "no time limit");
    return ends[0];
}

/* Reads to the end; the first bytes go into `begin`. */
static size_t read_answer(int from, char *begin, size_t size) {
    char piece[4096];
    size_t filled = 0;
    for (;;) {
        const ssize_t count = recv(from, piece, sizeof piece, 0);
        if (count < 0 && errno == EINTR) continue; /* the fuzzer's alarm */
        if (count < 0 && errno == ECONNRESET) return filled;
        fuzz_require(count >= 0, "the server neither answers nor ends: %s", strerror(errno));
        if (count == 0) return filled;
        const size_t room = size - filled, taken = (size_t)count < room ? (size_t)count : room;
        memcpy(begin + filled, piece, taken);
        filled += taken;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    if (!running) start_server();
    const int connection = connect_to_server();
    for (size_t sent = 0; sent < size;) {
        const ssize_t count = send(connection, bytes + sent, size - sent, MSG_NOSIGNAL);
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) break; /* the server has ended it, and has its reasons */
        sent += (size_t)count;
    }
    shutdown(connection, SHUT_WR);
    char begin[16];
    const size_t filled = read_answer(connection, begin, sizeof begin);
    fuzz_require(filled == 0 || (filled >= 12 && memcmp(begin, "HTTP/1.", 7) == 0), "no answer of HTTP");
    close(connection);
    return 0;
}
