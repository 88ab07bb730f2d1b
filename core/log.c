/* SPDX-License-Identifier: MIT */
/* The formatting of log lines. */
#include "core/log.h"

#include <stdarg.h>
#include <stdio.h>

void dni_log(void (*on_log)(void *context, const char *line), void *context, const char *format, ...) {
    if (!on_log) return;
    char line[256];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    on_log(context, line);
}
