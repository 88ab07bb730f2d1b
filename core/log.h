/* SPDX-License-Identifier: MIT */
/* Lines of text about what was chosen, for a caller who asked for them. */
#ifndef DN_CORE_LOG_H
#define DN_CORE_LOG_H

/* Formats a line, without a line break at its end, for the callback; nothing where that is NULL. */
void dni_log(void (*on_log)(void *context, const char *line), void *context, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
