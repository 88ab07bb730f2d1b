/* SPDX-License-Identifier: MIT */
/* The socket on which a server listens. */
#include "ftrain/server/listener.h"

#include "ftrain/shell/message.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { WAITING = 128 }; /* connections that the system may hold until they are taken */

typedef union socket_address {
    struct sockaddr any;
    struct sockaddr_in four;
    struct sockaddr_in6 six;
} socket_address;

static bool parse_address(socket_address *out, const char *address) {
    *out = (socket_address){.any.sa_family = AF_UNSPEC};
    if (!address || strcmp(address, "localhost") == 0) address = "127.0.0.1";
    if (inet_pton(AF_INET, address, &out->four.sin_addr) == 1)
        out->any.sa_family = AF_INET;
    else if (inet_pton(AF_INET6, address, &out->six.sin6_addr) == 1)
        out->any.sa_family = AF_INET6;
    return out->any.sa_family != AF_UNSPEC;
}

outcome listener_check(const char *address) {
    socket_address parsed;
    if (parse_address(&parsed, address)) return OUTCOME_OK;
    message(
        "--listen: '%s' is no IP address; 127.0.0.1 and ::1 are this machine, 0.0.0.0 and :: all of its addresses",
        address);
    return OUTCOME_USAGE;
}

static bool is_loopback(const socket_address *address) {
    if (address->any.sa_family == AF_INET6) return IN6_IS_ADDR_LOOPBACK(&address->six.sin6_addr);
    return ntohl(address->four.sin_addr.s_addr) >> 24 == 127;
}

static void describe(listener *out, const socket_address *address) {
    char text[INET6_ADDRSTRLEN] = "";
    if (address->any.sa_family == AF_INET6) {
        inet_ntop(AF_INET6, &address->six.sin6_addr, text, sizeof text);
        snprintf(out->url, sizeof out->url, "http://[%s]:%d/", text, ntohs(address->six.sin6_port));
    } else {
        inet_ntop(AF_INET, &address->four.sin_addr, text, sizeof text);
        snprintf(out->url, sizeof out->url, "http://%s:%d/", text, ntohs(address->four.sin_port));
    }
}

static int open_socket(socket_address *address) {
    const int one = 1;
    socklen_t size = address->any.sa_family == AF_INET6 ? sizeof address->six : sizeof address->four;
    const int opened = socket(address->any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (opened < 0) return -1;
    if (setsockopt(opened, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) == 0 &&
        bind(opened, &address->any, size) == 0 && listen(opened, WAITING) == 0 &&
        getsockname(opened, &address->any, &size) == 0)
        return opened;
    const int reason = errno;
    close(opened);
    errno = reason;
    return -1;
}

outcome listener_open(listener *out, const char *address, int port) {
    socket_address parsed;
    outcome code = listener_check(address);
    if (code) return code;
    parse_address(&parsed, address);
    if (parsed.any.sa_family == AF_INET6)
        parsed.six.sin6_port = htons((uint16_t)port);
    else
        parsed.four.sin_port = htons((uint16_t)port);
    out->is_loopback = is_loopback(&parsed);
    out->socket = open_socket(&parsed);
    if (out->socket < 0) {
        message("cannot listen on %s, port %d: %s", address ? address : "127.0.0.1", port, strerror(errno));
        return OUTCOME_MACHINE;
    }
    describe(out, &parsed);
    return OUTCOME_OK;
}
