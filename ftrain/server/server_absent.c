/* SPDX-License-Identifier: MIT */
/* The server of a program that was built without libmicrohttpd: server_options_check() says so, and then
 * nothing of this is called. */
#include "ftrain/server/server.h"

#include "core/error.h"

const char *server_library(void) {
    return NULL;
}

outcome server_open(server **out, const server_options *options, const server_site *site) {
    (void)site;
    *out = NULL;
    return server_options_check(options);
}

outcome server_start(server *self) {
    (void)self;
    return OUTCOME_USAGE;
}

const char *server_url(const server *self) {
    (void)self;
    return "";
}

outcome server_run(server *self) {
    (void)self;
    return OUTCOME_USAGE;
}

void server_write_metrics(server *self, FILE *to) {
    (void)self, (void)to;
}

void server_free(server *self) {
    (void)self;
}

const char *request_header(const request *self, const char *name) {
    (void)self, (void)name;
    return NULL;
}

const char *request_query(const request *self, const char *name) {
    (void)self, (void)name;
    return NULL;
}

dn_status request_parts_read(request_parts *out, const request *self, size_t max_parts, dn_error *error) {
    (void)self, (void)max_parts;
    *out = (request_parts){0};
    return dni_fail(error, DN_ERR_UNSUPPORTED, "there is no server");
}

void request_parts_free(request_parts *parts) {
    (void)parts;
}
