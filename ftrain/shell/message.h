/* SPDX-License-Identifier: MIT */
/* Messages on standard error. */
#ifndef FTRAIN_SHELL_MESSAGE_H
#define FTRAIN_SHELL_MESSAGE_H

/* Prints one line, "ftrain: ...", after clearing any progress bar. Names in it are escaped, as
 * ftrain/shell/quote.h says. */
void message(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* From now on a message is not printed but given to `to`, one at a time: of a process that does not speak
 * for itself. */
void message_divert(void (*to)(const char *text));

#endif
