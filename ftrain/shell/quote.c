/* SPDX-License-Identifier: MIT */
/* Escaping names for the terminal. */
#include "ftrain/shell/quote.h"

#include "io/escape.h"

void quote_write(FILE *to, const char *text) {
    char out[DNI_LONGEST_ESCAPE];
    while (*text) fwrite(out, 1, dni_escape_next(out, &text), to);
}

char *quote_text(const char *text) {
    return dni_escape(text);
}
