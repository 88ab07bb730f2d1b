/* SPDX-License-Identifier: MIT */
/* Keys of pictures: what a file holds, not what it is called. */
#ifndef DN_IO_CONTENT_KEY_H
#define DN_IO_CONTENT_KEY_H

#include "core/status.h"
#include "io/view.h"

#include <stddef.h>
#include <stdint.h>

typedef struct dni_key {
    uint8_t bytes[16];
} dni_key;

/* XXH3-128 of a file's bytes, of a memory block. */
dn_status dni_key_of_file(dni_key *out, const char *path, dn_error *error);
dni_key dni_key_of_bytes(const void *bytes, size_t size);

/* The same of bytes that come a piece at a time. */
typedef struct XXH3_state_s dni_key_stream;  /* xxHash's own */
dni_key_stream *dni_key_stream_create(void); /* NULL without memory */
void dni_key_stream_add(dni_key_stream *stream, const void *bytes, size_t size);
/* The key of all that was added; frees the stream. NULL gives a key of zeros. */
dni_key dni_key_stream_end(dni_key_stream *stream);

/* The key of a view of the picture file with key `file`: the file's own for the plain view, else the
 * XXH3-128 of its 16 bytes and the view's name. */
dni_key dni_key_of_view(const dni_key *file, const dni_view *view);
void dni_key_text(const dni_key *key, char hex[33]);

#endif
