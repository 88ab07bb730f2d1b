/* SPDX-License-Identifier: MIT */
/* What libtiff calls: reads, and complaints. */
#include "io/tiff_stream.h"

#include "core/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static tmsize_t on_read(thandle_t context, void *to, tmsize_t size) {
    dni_tiff_stream *const self = context;
    const uint64_t size_of_file = self->source->size;
    const uint64_t left = self->position < size_of_file ? size_of_file - self->position : 0;
    const size_t count = (uint64_t)size < left ? (size_t)size : (size_t)left;
    if ((uint64_t)size > left) self->has_overrun = true;
    dn_error error;
    if (dni_image_source_read(self->source, to, count, self->position, &error)) return -1;
    self->position += count;
    return (tmsize_t)count;
}

static tmsize_t on_write(thandle_t context, void *from, tmsize_t size) {
    (void)context, (void)from, (void)size;
    return -1;
}

static toff_t on_seek(thandle_t context, toff_t offset, int whence) {
    dni_tiff_stream *const self = context;
    const uint64_t base = whence == SEEK_END ? self->source->size : whence == SEEK_CUR ? self->position : 0;
    return self->position = base + offset;
}

static int on_close(thandle_t context) {
    (void)context;
    return 0;
}

static toff_t on_size(thandle_t context) {
    return ((const dni_tiff_stream *)context)->source->size;
}

static void note(dni_tiff_stream *self, const char *format, va_list arguments) {
    if (!self->reason[0]) vsnprintf(self->reason, sizeof self->reason, format, arguments);
}

static int on_error(TIFF *file, void *context, const char *module, const char *format, va_list arguments) {
    (void)file, (void)module;
    note(context, format, arguments);
    return 1; /* handled: the process's handlers are not called */
}

static int on_warning(TIFF *file, void *context, const char *module, const char *format, va_list arguments) {
    (void)file, (void)module;
    dni_tiff_stream *const self = context;
    /* LZW with its bits in the other order is whole nevertheless. */
    if (self->is_strict && !strstr(format, "Old-style LZW")) note(self, format, arguments);
    return 1;
}

TIFF *dni_tiff_open(dni_tiff_stream *self, uint64_t largest) {
    TIFFOpenOptions *const options = TIFFOpenOptionsAlloc();
    if (!options) {
        snprintf(self->reason, sizeof self->reason, "Out of memory");
        return NULL;
    }
    TIFFOpenOptionsSetErrorHandlerExtR(options, on_error, self);
    TIFFOpenOptionsSetWarningHandlerExtR(options, on_warning, self);
    TIFFOpenOptionsSetMaxSingleMemAlloc(options, (tmsize_t)largest);
    TIFF *const file = TIFFClientOpenExt(self->source->name, "rm", self, on_read, on_write, on_seek, on_close,
                                         on_size, NULL, NULL, options);
    TIFFOpenOptionsFree(options);
    return file;
}

dn_status dni_tiff_explain(const dni_tiff_stream *self, dn_error *error) {
    const char *const name = self->source->name, *const reason = self->reason;
    if (self->has_overrun)
        return dni_fail(error, DN_ERR_IMAGE_TRUNCATED, "%s: the TIFF file ends early", name);
    if (strstr(reason, "byte limit"))
        return dni_fail(error, DN_ERR_IMAGE_CORRUPT,
                        "%s: the TIFF file is broken (it asks for far more memory than its picture needs)",
                        name);
    if (strstr(reason, "ut of memory") || strstr(reason, "No space")) return dni_no_memory(error, "%s", name);
    return dni_fail(error, DN_ERR_IMAGE_CORRUPT, "%s: the TIFF file is broken (%s)", name,
                    reason[0] ? reason : "no reason given");
}

uint64_t dni_tiff_tables(const dni_image_source *source) {
    return 8 * source->size + (1 << 20);
}
