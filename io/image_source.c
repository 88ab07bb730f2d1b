/* SPDX-License-Identifier: MIT */
/* Reads at places, and a growing copy of the beginning. */
#include "io/image_source.h"

#include "core/error.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

dni_image_source dni_image_source_of_bytes(const unsigned char *bytes, size_t size, const char *name) {
    return (dni_image_source){.name = name, .size = size, .bytes = bytes, .held = size};
}

dni_image_source dni_image_source_of_file(const dni_file *file, const char *name) {
    return (dni_image_source){.name = name, .size = file->size, .file = file};
}

void dni_image_source_free(dni_image_source *self) {
    free(self->memory);
    self->memory = NULL;
}

static dn_status ends_early(const dni_image_source *self, dn_error *error) {
    return dni_fail(error, DN_ERR_IMAGE_TRUNCATED, "%s: the picture file ends early", self->name);
}

dn_status dni_image_source_hold(dni_image_source *self, uint64_t count, dn_error *error) {
    if (count > self->size) count = self->size;
    if (count <= self->held) return DN_OK;
    if (count > DNI_FILE_LOAD_LIMIT)
        return dni_fail(error, DN_ERR_UNSUPPORTED,
                        "%s: too large: %llu bytes of it would be needed in memory; the limit is %" PRIu64,
                        self->name, (unsigned long long)count, DNI_FILE_LOAD_LIMIT);
    unsigned char *const memory = realloc(self->memory, (size_t)count);
    if (!memory) return dni_no_memory(error, "%s: %llu bytes", self->name, (unsigned long long)count);
    self->bytes = self->memory = memory;
    const dn_status status =
        dni_file_read_at(self->file, memory + self->held, (size_t)count - self->held, self->held, error);
    if (!status) self->held = (size_t)count;
    return status;
}

dn_status dni_image_source_read(const dni_image_source *self, void *out, size_t size, uint64_t at,
                                dn_error *error) {
    if (at > self->size || size > self->size - at) return ends_early(self, error);
    if (!size) return DN_OK;
    if (at + size <= self->held) {
        memcpy(out, self->bytes + at, size);
        return DN_OK;
    }
    dn_error reason;
    const dn_status status = dni_file_read_at(self->file, out, size, at, &reason);
    if (status && self->refused && !self->refused->status) *self->refused = reason;
    if (status && error) *error = reason;
    return status;
}
