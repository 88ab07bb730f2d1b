/* SPDX-License-Identifier: MIT */
/* Where bytes go that come in pieces: into a file, into memory, or beside what they are compared with. */
#ifndef DN_IO_SINK_H
#define DN_IO_SINK_H

#include "core/status.h"

#include <stddef.h>

typedef struct dni_sink {
    dn_status (*put)(void *context, const void *bytes, size_t size, dn_error *error);
    void *context;
} dni_sink;

static inline dn_status dni_sink_put(const dni_sink *to, const void *bytes, size_t size, dn_error *error) {
    return to->put(to->context, bytes, size, error);
}

#endif
