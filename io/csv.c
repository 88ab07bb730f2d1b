/* SPDX-License-Identifier: MIT */
/* Fields of CSV. */
#include "io/csv.h"

#include <string.h>

void dni_csv_field(FILE *out, const char *text) {
    if (!strpbrk(text, ",\"\r\n")) {
        fputs(text, out);
        return;
    }
    putc('"', out);
    for (; *text; text++) {
        if (*text == '"') putc('"', out);
        putc(*text, out);
    }
    putc('"', out);
}
