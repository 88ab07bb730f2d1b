/* SPDX-License-Identifier: MIT */
/* Text that is printed into memory. As open_memstream(), but that memory which runs out is told: glibc's
 * streams then lose what was printed, and neither ferror() nor fclose() says so. */
#ifndef DN_IO_TEXT_STREAM_H
#define DN_IO_TEXT_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

typedef struct dni_text_stream {
    FILE *to;
    char *text; /* what was printed, once it is closed; ends in a zero, which does not count */
    size_t size, capacity;
} dni_text_stream;

/* False: out of memory. *out must stay where it is until it is closed. */
bool dni_text_stream_open(dni_text_stream *out);
/* False: memory ran out, and text is NULL; else it is the caller's to free(). One that was not opened, or
 * is closed already, is fine. */
bool dni_text_stream_close(dni_text_stream *stream);

#endif
