/* SPDX-License-Identifier: MIT */
/* What is checked of a request as soon as its headers are there. */
#include "ftrain/page/html.h"
#include "ftrain/server/private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

extern const asset asset_server_app_css;

/* What the reports have, and what a page to work with needs beside. */
static void send_style(void *context, const request *in, response *out) {
    (void)context, (void)in;
    const char *style = html_style();
    const size_t size = strlen(style) + asset_server_app_css.size;
    char *text = malloc(size + 1);
    if (text) snprintf(text, size + 1, "%s%s", style, asset_server_app_css.text);
    response_bytes(out, 200, asset_server_app_css.type, text, size);
}

const route server_own_routes[] = {{"GET", "/style.css", send_style, 0}};
const size_t server_own_route_count = sizeof server_own_routes / sizeof *server_own_routes;

static const char *header(const exchange *self, const char *name) {
    return MHD_lookup_connection_value(self->connection, MHD_HEADER_KIND, name);
}

/* ---- which route ---- */

/* The rest of `path` behind the route's; NULL: another route's. */
static const char *match(const route *tried, const char *path) {
    const size_t length = strlen(tried->path);
    if (length && tried->path[length - 1] == '*')
        return strncmp(path, tried->path, length - 1) == 0 ? path + length - 1 : NULL;
    return strcmp(path, tried->path) == 0 ? path + length : NULL;
}

static void find_in(exchange *self, const route *routes, size_t count, const char **allowed) {
    for (size_t i = 0; i < count && !self->route; i++) {
        const char *rest = match(&routes[i], self->request.path);
        if (!rest) continue;
        *allowed = routes[i].method;
        if (strcmp(routes[i].method, self->request.method) != 0) continue;
        self->route = &routes[i];
        self->request.rest = rest;
    }
}

/* The method that is answered there, where the route is another method's; else NULL. */
static const char *find_route(exchange *self) {
    const server_site *site = self->server->site;
    const char *allowed = NULL;
    find_in(self, site->routes, site->route_count, &allowed);
    find_in(self, server_own_routes, server_own_route_count, &allowed);
    return self->route ? NULL : allowed;
}

static void answer_unknown(exchange *self, const char *allowed) {
    if (allowed) {
        response_error(&self->answer, 405, "%s: only %s is answered here", self->request.path, allowed);
        response_header(&self->answer, "Allow", strcmp(allowed, "GET") == 0 ? "GET, HEAD" : allowed);
    } else {
        response_error(&self->answer, 404, "%s: there is nothing under this address", self->request.path);
    }
}

/* ---- who asks ---- */

static void check_host(exchange *self) {
    const char *host = header(self, "Host");
    if (host && guard_host_is_ours(host, self->server->options->host)) return;
    response_error(&self->answer, 421,
                   "Host: '%s' is not a name of this server; the option --host names one that is",
                   host ? host : "");
}

/* A visit to the address that was printed: the token moves from the address into a cookie. */
static bool is_visit(exchange *self) {
    const char *token = request_query(&self->request, "token");
    if (!token || strcmp(self->request.method, "GET") != 0 || strcmp(self->request.path, "/") != 0)
        return false;
    if (!guard_is_secret(token, self->server->token)) return false;
    char cookie[256];
    snprintf(cookie, sizeof cookie, "%s=%s; Path=/; HttpOnly; SameSite=Strict", self->server->cookie, token);
    response_text(&self->answer, 303, "");
    response_header(&self->answer, "Set-Cookie", cookie);
    response_header(&self->answer, "Location", "/");
    return true;
}

static void check_access(exchange *self) {
    const char *token = self->server->token;
    if (!token || (self->route && self->route->flags & ROUTE_OPEN)) return;
    const char *authorization = header(self, "Authorization");
    const char *bearer = authorization ? guard_bearer(authorization) : NULL;
    const char *cookie = MHD_lookup_connection_value(self->connection, MHD_COOKIE_KIND, self->server->cookie);
    if ((bearer && guard_is_secret(bearer, token)) || (cookie && guard_is_secret(cookie, token))) return;
    if (is_visit(self)) return;
    response_error(&self->answer, 401,
                   "an access token is needed: 'Authorization: Bearer TOKEN', or a visit to /?token=TOKEN");
    response_header(&self->answer, "WWW-Authenticate", "Bearer realm=\"ftrain\"");
}

/* Every browser names with a POST the site it comes from, by one of these headers at least. */
static bool is_of_browser(const exchange *self) {
    return header(self, "Origin") || header(self, "Sec-Fetch-Site") || header(self, "Referer") ||
           header(self, "Cookie");
}

static void check_post(exchange *self) {
    if (strcmp(self->request.method, "POST") != 0) return;
    const char *origin = header(self, "Origin"), *token = header(self, "X-Ftrain-Token");
    if (origin && !guard_origin_is_ours(origin, header(self, "Host"))) {
        response_error(&self->answer, 403, "Origin: '%s' is another site's", origin);
        return;
    }
    const bool must = self->route->flags & ROUTE_PAGE_ONLY || is_of_browser(self);
    if (!must || (token && guard_is_secret(token, self->server->page_token))) return;
    response_error(
        &self->answer, 403,
        "X-Ftrain-Token: a request of a browser must bear the token of this server's page; reload it");
}

/* ---- what is sent ---- */

static void check_length(exchange *self) {
    const char *length = header(self, "Content-Length");
    const size_t limit = strcmp(self->request.method, "POST") == 0 ? self->server->site->max_body : 0;
    if (!length) return;
    errno = 0;
    const unsigned long long size = strtoull(length, NULL, 10);
    if (errno || size > limit)
        response_error(&self->answer, 413, "a body of %s bytes; the limit is %zu", length, limit);
}

void exchange_examine(exchange *self) {
    const char *allowed = find_route(self);
    check_host(self);
    if (!self->answer.status) check_access(self); /* without the token nobody learns what there is */
    if (!self->answer.status && !self->route) answer_unknown(self, allowed);
    if (!self->answer.status) check_post(self);
    if (!self->answer.status) check_length(self);
    if (!self->answer.status && atomic_load(&self->server->is_ending))
        response_error(&self->answer, 503, "the server is ending");
}
