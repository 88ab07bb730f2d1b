/* SPDX-License-Identifier: MIT */
/* Messages on standard error. */
#include "ftrain/shell/message.h"

#include "ftrain/shell/progress.h"
#include "ftrain/shell/quote.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static void (*diverted)(const char *text);

void message_divert(void (*to)(const char *text)) {
    diverted = to;
}

static void print(const char *text) {
    progress_clear();
    fputs("ftrain: ", stderr);
    quote_write(stderr, text);
    fputc('\n', stderr);
}

void message(const char *format, ...) {
    char brief[1024], *text = brief;
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    const int length = vsnprintf(brief, sizeof brief, format, arguments);
    if (length >= (int)sizeof brief) {
        char *whole = malloc((size_t)length + 1); /* without memory the first part must do */
        if (whole) {
            vsnprintf(whole, (size_t)length + 1, format, again);
            text = whole;
        }
    }
    va_end(again);
    va_end(arguments);
    flockfile(stderr); /* lines of several threads stay whole */
    (diverted ? diverted : print)(text);
    funlockfile(stderr);
    if (text != brief) free(text);
}
