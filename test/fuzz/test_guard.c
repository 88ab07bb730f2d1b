/* SPDX-License-Identifier: MIT */
/* What a server looks at of a request's headers. The input's lines are a Host, an Origin, an Authorization, a
 * name of the server, a token. What is let in is held against a plain reading of the rules: a host is an
 * address, localhost or the name, an origin is the host behind http:// or https://. */
#include "test/fuzz/fuzz.h"

#include "ftrain/server/guard.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { LINES = 5 };

/* Whether the host, with or without a port behind it, is `name` in any case of letters. */
static bool is_name(const char *host, const char *name) {
    const size_t length = strlen(name);
    if (!length || strncasecmp(host, name, length) != 0) return false;
    const char *rest = host + length;
    if (*rest == ':')
        for (rest++; isdigit((unsigned char)*rest); rest++) continue;
    return !*rest;
}

/* Whether it is an address, with or without a port. */
static bool is_address(const char *host) {
    unsigned char address[sizeof(struct in6_addr)];
    char *const copy = strdup(host);
    fuzz_require(copy, "no memory for a host");
    const bool has_brackets = *copy == '[';
    char *const end = has_brackets ? strchr(copy, ']') : strchr(copy, ':');
    if (end) *end = '\0';
    const bool is = has_brackets ? end && inet_pton(AF_INET6, copy + 1, address) == 1
                                 : inet_pton(AF_INET, copy, address) == 1;
    free(copy);
    return is;
}

static void check_token(const char *token) {
    dn_error error = {.message = ""};
    const dn_status status = guard_check_token(token, FUZZ_NAME, &error);
    if (status) {
        fuzz_check_refusal(status, &error, FUZZ_NAME);
        fuzz_require(!*token || !strstr(error.message, token) || strlen(token) < 16,
                     "the message tells the token");
        return;
    }
    for (const char *c = token; *c; c++)
        fuzz_require(*c > ' ' && *c < 127 && *c != '"' && *c != ';' && *c != ',', "byte %d in a token", *c);
    fuzz_require(strlen(token) >= 16 && strlen(token) <= 200, "a token of %zu bytes", strlen(token));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    char *const text = fuzz_text(bytes, size);
    static char nothing[] = "";
    char *lines[LINES], *rest = text;
    for (int i = 0; i < LINES; i++) {
        char *const line = strsep(&rest, "\n");
        lines[i] = line ? line : nothing;
    }
    const char *const host = lines[0], *const origin = lines[1], *const name = lines[3];
    if (guard_host_is_ours(host, *name ? name : NULL))
        fuzz_require(is_address(host) || is_name(host, "localhost") || is_name(host, name), "host '%s'",
                     host);
    if (guard_origin_is_ours(origin, host)) {
        fuzz_take();
        const char *const slashes = strstr(origin, "://");
        fuzz_require(slashes && strcasecmp(slashes + 3, host) == 0, "origin '%s' of '%s'", origin, host);
    }
    const char *const bearer = guard_bearer(lines[2]);
    fuzz_require(!bearer || (bearer >= lines[2] + 7 && *bearer != ' '), "bearer '%s'", bearer);
    check_token(lines[4]);
    fuzz_require(guard_is_secret(lines[2], lines[4]) == (strcmp(lines[2], lines[4]) == 0), "'%s' and '%s'",
                 lines[2], lines[4]);
    free(text);
    return 0;
}
