/* SPDX-License-Identifier: MIT */
/* Who may ask a server. */
#include "ftrain/server/guard.h"

#include "core/error.h"
#include "io/file.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>

dn_status guard_draw_token(char out[GUARD_TOKEN], dn_error *error) {
    unsigned char bytes[(GUARD_TOKEN - 1) / 2];
    ssize_t got;
    do got = getrandom(bytes, sizeof bytes, 0);
    while (got < 0 && errno == EINTR);
    if (got != (ssize_t)sizeof bytes) return dni_fail_errno(error, errno, "random bytes for a token");
    for (size_t i = 0; i < sizeof bytes; i++) snprintf(out + 2 * i, 3, "%02x", bytes[i]);
    return DN_OK;
}

dn_status guard_check_token(const char *token, const char *source, dn_error *error) {
    const size_t length = strlen(token);
    const size_t fitting =
        strspn(token, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/=");
    if (length >= 16 && length <= 200 && fitting == length) return DN_OK;
    return dni_fail(error, DN_ERR_ARGUMENT,
                    "%s: an access token has 16 to 200 letters, digits or any of -._~+/=; this one has %zu "
                    "characters%s",
                    source, length, fitting < length ? ", others among them" : "");
}

dn_status guard_read_token(char **out, const char *path, dn_error *error) {
    dni_file_content file;
    *out = NULL;
    dn_status status = dni_file_load(&file, path, error);
    if (status) return status;
    size_t length = 0;
    while (length < file.size && file.data[length] && !strchr("\r\n", file.data[length])) length++;
    *out = strndup(length ? (const char *)file.data : "", length);
    dni_file_unload(&file);
    if (!*out) return dni_no_memory(error, "%s", path);
    status = guard_check_token(*out, path, error);
    if (!status) return DN_OK;
    free(*out);
    *out = NULL;
    return status;
}

bool guard_is_secret(const char *given, const char *secret) {
    const size_t length = strlen(given), expected = strlen(secret);
    unsigned different = length != expected;
    for (size_t i = 0; i < length; i++)
        different |= (unsigned char)given[i] ^ (unsigned char)secret[expected ? i % expected : 0];
    return !different;
}

/* The name in "name", "name:80", "[::1]" or "[::1]:80", without brackets; false for all else. */
static bool host_name(char *out, size_t size, const char *host) {
    const bool has_brackets = host[0] == '[';
    const char *begin = host + has_brackets, *end = begin + strcspn(begin, has_brackets ? "]" : ":");
    const char *port = end;
    if (has_brackets && *port++ != ']') return false;
    if (*port && (*port != ':' || strspn(port + 1, "0123456789") != strlen(port + 1))) return false;
    const size_t length = (size_t)(end - begin);
    if (length == 0 || length >= size) return false;
    memcpy(out, begin, length);
    out[length] = '\0';
    return true;
}

bool guard_host_is_ours(const char *host, const char *name) {
    char asked[256];
    unsigned char address[sizeof(struct in6_addr)];
    if (!host_name(asked, sizeof asked, host)) return false;
    if (host[0] == '[') return inet_pton(AF_INET6, asked, address) == 1;
    if (inet_pton(AF_INET, asked, address) == 1) return true;
    return strcasecmp(asked, "localhost") == 0 || (name && strcasecmp(asked, name) == 0);
}

/* https: for a proxy before this server that speaks it. */
bool guard_origin_is_ours(const char *origin, const char *host) {
    static const char *const schemes[] = {"http://", "https://"};
    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++) {
        const size_t length = strlen(schemes[i]);
        if (strncasecmp(origin, schemes[i], length) == 0) return strcasecmp(origin + length, host) == 0;
    }
    return false;
}

const char *guard_bearer(const char *authorization) {
    if (strncasecmp(authorization, "Bearer ", 7) != 0) return NULL;
    return authorization + 7 + strspn(authorization + 7, " ");
}
