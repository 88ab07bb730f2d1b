/* SPDX-License-Identifier: MIT */
/* What is answered. A handler calls one of the functions that set the body, and may add headers. The server
 * adds those that keep a browser safe (ftrain/server/server.h). */
#ifndef FTRAIN_SERVER_RESPONSE_H
#define FTRAIN_SERVER_RESPONSE_H

#include "ftrain/server/asset.h"
#include "ftrain/server/request.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

enum { RESPONSE_HEADERS = 4 };

typedef struct response_field {
    const char *name;
    char value[256];
} response_field;

typedef struct response {
    int status; /* 0: nothing was answered yet */
    const char *type;
    char *body; /* from malloc */
    size_t size;
    bool is_borrowed; /* the body lives as long as the program, and is not freed */
    response_field headers[RESPONSE_HEADERS];
    int header_count;
} response;

/* Each replaces what was answered before. Without memory the answer becomes a plain 500. */

/* `bytes` is from malloc and taken over, NULL stands for a lack of memory; `type` outlives the response. */
void response_bytes(response *self, int status, const char *type, void *bytes, size_t size);
void response_text(response *self, int status, const char *text);
/* Takes over `value`; NULL stands for a lack of memory. */
void response_json(response *self, int status, json_t *value);
/* {"error": {"status": 404, "message": "..."}} */
void response_error(response *self, int status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void response_asset(response *self, const asset *file);
/* A page in which {{token}}, once, is replaced by the token that its script has to send. */
void response_page(response *self, const request *in, const asset *page);

/* At most RESPONSE_HEADERS; `name` outlives the response. A Cache-Control replaces "no-store". */
void response_header(response *self, const char *name, const char *value);

/* Frees the body. */
void response_clear(response *self);

#endif
