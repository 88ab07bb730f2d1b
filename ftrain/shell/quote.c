/* SPDX-License-Identifier: MIT */
/* Escaping names for the terminal. */
#include "ftrain/shell/quote.h"

#include "io/escape.h"

#include <stddef.h>

/* Standard error has no buffer of its own: character by character, each would be a call of the system. */
void quote_write(FILE *to, const char *text) {
    enum { BLOCK = 1024 };
    char out[BLOCK + DNI_LONGEST_ESCAPE];
    while (*text) {
        size_t used = 0;
        while (*text && used < BLOCK) used += dni_escape_next(out + used, &text);
        fwrite(out, 1, used, to);
    }
}

char *quote_text(const char *text) {
    return dni_escape(text);
}

/* Bytes that begin a character of UTF-8. */
int quote_width(const char *text) {
    int width = 0;
    while (*text) {
        char out[DNI_LONGEST_ESCAPE];
        const size_t size = dni_escape_next(out, &text);
        for (size_t i = 0; i < size; i++) width += (out[i] & 0xc0) != 0x80;
    }
    return width;
}
