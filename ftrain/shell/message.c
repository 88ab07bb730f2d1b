/* Messages on standard error. */
#include "ftrain/shell/message.h"

#include "ftrain/shell/progress.h"

#include <stdarg.h>
#include <stdio.h>

void message(const char *format, ...) {
    progress_clear();
    fputs("ftrain: ", stderr);
    va_list arguments;
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
}
