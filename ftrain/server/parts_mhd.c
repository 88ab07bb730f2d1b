/* SPDX-License-Identifier: MIT */
/* The parts of a multipart/form-data body, by libmicrohttpd's reader of forms. */
#include "ftrain/server/private.h"

#include "core/error.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { READER_BYTES = 65536 }; /* the reader's buffer: it holds a part's headers, or a piece of its content */

typedef struct parsing {
    request_parts parts;
    size_t max_parts;
    bool lacks_memory, has_too_many;
} parsing;

static char *copy_of(const char *text) {
    return strdup(text ? text : "");
}

static request_part *add_part(parsing *work, const char *name, const char *file_name, const char *type) {
    if (work->parts.count == work->max_parts) {
        work->has_too_many = true;
        return NULL;
    }
    request_part *grown = realloc(work->parts.parts, (work->parts.count + 1) * sizeof *work->parts.parts);
    if (!grown) {
        work->lacks_memory = true;
        return NULL;
    }
    work->parts.parts = grown;
    request_part *part = &grown[work->parts.count++];
    *part = (request_part){.name = copy_of(name), .file_name = copy_of(file_name), .type = copy_of(type)};
    if (part->name && part->file_name && part->type) return part;
    work->lacks_memory = true;
    return NULL;
}

static enum MHD_Result take_piece(void *context, enum MHD_ValueKind kind, const char *name,
                                  const char *file_name, const char *type, const char *encoding,
                                  const char *bytes, uint64_t offset, size_t size) {
    (void)kind, (void)encoding;
    parsing *work = context;
    request_part *part =
        offset == 0 ? add_part(work, name, file_name, type) : &work->parts.parts[work->parts.count - 1];
    if (!part) return MHD_NO;
    if (!size) return MHD_YES;
    unsigned char *grown = realloc(part->bytes, part->size + size);
    if (!grown) {
        work->lacks_memory = true;
        return MHD_NO;
    }
    memcpy(grown + part->size, bytes, size);
    part->bytes = grown;
    part->size += size;
    return MHD_YES;
}

dn_status request_parts_read(request_parts *out, const request *self, size_t max_parts, dn_error *error) {
    static const char kind[] = "multipart/form-data";
    const char *type = request_header(self, "Content-Type");
    *out = (request_parts){0};
    if (!type || strncasecmp(type, kind, sizeof kind - 1) != 0)
        return dni_fail(error, DN_ERR_UNSUPPORTED, "Content-Type: '%s' is not %s", type ? type : "", kind);
    parsing work = {.max_parts = max_parts};
    struct MHD_PostProcessor *reader =
        MHD_create_post_processor(self->exchange->connection, READER_BYTES, take_piece, &work);
    bool is_sound = reader && MHD_post_process(reader, (const char *)self->body, self->size) == MHD_YES;
    if (reader && MHD_destroy_post_processor(reader) != MHD_YES) is_sound = false;
    dn_status status = DN_OK;
    if (work.lacks_memory)
        status = dni_no_memory(error, "the body's parts");
    else if (work.has_too_many)
        status = dni_fail(error, DN_ERR_ARGUMENT, "the body has more than %zu parts", max_parts);
    else if (!is_sound)
        status = dni_fail(error, DN_ERR_CORRUPT, "the body is no whole %s", kind);
    if (status)
        request_parts_free(&work.parts);
    else
        *out = work.parts;
    return status;
}

void request_parts_free(request_parts *parts) {
    for (size_t i = 0; i < parts->count; i++) {
        request_part *part = &parts->parts[i];
        free(part->name);
        free(part->file_name);
        free(part->type);
        free(part->bytes);
    }
    free(parts->parts);
    *parts = (request_parts){0};
}
