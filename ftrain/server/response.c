/* SPDX-License-Identifier: MIT */
/* What is answered. */
#include "ftrain/server/response.h"

#include "io/json.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char JSON_TYPE[] = "application/json";
static const char TEXT_TYPE[] = "text/plain; charset=utf-8";

void response_clear(response *self) {
    if (!self->is_borrowed) free(self->body);
    self->body = NULL;
    self->size = 0;
    self->is_borrowed = false;
}

/* Text that is part of the program, for which no memory is needed. */
static void borrow(response *self, int status, const char *type, const char *text, size_t size) {
    response_clear(self);
    self->status = status;
    self->type = type;
    self->size = size;
    self->is_borrowed = true;
    memcpy(&self->body, &text, sizeof text); /* libmicrohttpd's interface is without const; it only reads */
}

static void fail(response *self) {
    static const char text[] = "out of memory\n";
    borrow(self, 500, TEXT_TYPE, text, sizeof text - 1);
}

void response_bytes(response *self, int status, const char *type, void *bytes, size_t size) {
    if (!bytes) {
        fail(self);
        return;
    }
    response_clear(self);
    self->status = status;
    self->type = type;
    self->body = bytes;
    self->size = size;
}

void response_text(response *self, int status, const char *text) {
    response_bytes(self, status, TEXT_TYPE, strdup(text), strlen(text));
}

void response_json(response *self, int status, json_t *value) {
    char *line = dni_json_line(value);
    if (!line) {
        fail(self);
        return;
    }
    const size_t length = strlen(line);
    line[length] = '\n'; /* in place of the zero byte */
    response_bytes(self, status, JSON_TYPE, line, length + 1);
}

void response_error(response *self, int status, const char *format, ...) {
    char text[1200];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    response_json(self, status,
                  json_pack("{s:{s:i, s:o}}", "error", "status", status, "message", dni_json_text(text)));
}

void response_asset(response *self, const asset *file) {
    borrow(self, 200, file->type, file->text, file->size);
}

void response_page(response *self, const request *in, const asset *page) {
    static const char mark[] = "{{token}}";
    const char *place = strstr(page->text, mark);
    if (!place) {
        response_asset(self, page);
        return;
    }
    const size_t size = page->size - (sizeof mark - 1) + strlen(in->page_token);
    char *text = malloc(size + 1);
    if (text)
        snprintf(text, size + 1, "%.*s%s%s", (int)(place - page->text), page->text, in->page_token,
                 place + sizeof mark - 1);
    response_bytes(self, 200, page->type, text, size);
}

void response_header(response *self, const char *name, const char *value) {
    if (self->header_count == RESPONSE_HEADERS) return;
    response_field *field = &self->headers[self->header_count++];
    field->name = name;
    snprintf(field->value, sizeof field->value, "%s", value);
}
