/* SPDX-License-Identifier: MIT */
/* Who may ask a server: what is checked of a request before its handler sees it. */
#ifndef FTRAIN_SERVER_GUARD_H
#define FTRAIN_SERVER_GUARD_H

#include "core/status.h"

#include <stdbool.h>

enum { GUARD_TOKEN = 33 }; /* bytes of a drawn token: 128 bits in hexadecimal, and a zero byte */

/* Draws a token by the system's generator. */
dn_status guard_draw_token(char out[GUARD_TOKEN], dn_error *error);

/* Reads an access token from a file's first line. DN_ERR_ARGUMENT unless it has 16 to 200 letters, digits or
 * any of "-._~+/=", which need no escaping in a header. */
dn_status guard_read_token(char **out, const char *path, dn_error *error);
dn_status guard_check_token(const char *token, const char *source, dn_error *error);

/* Compares in a time that depends on the length of `given` alone. */
bool guard_is_secret(const char *given, const char *secret);

/* Whether the value of a Host header leads here under a name that nobody else can give away: an IP address,
 * "localhost", or `name` (may be NULL), each with or without a port. */
bool guard_host_is_ours(const char *host, const char *name);

/* Whether the value of an Origin header is that of a page of this server, which the client calls `host`. */
bool guard_origin_is_ours(const char *origin, const char *host);

/* "Bearer TOKEN": the token; NULL for any other value. */
const char *guard_bearer(const char *authorization);

#endif
