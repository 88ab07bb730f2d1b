/* Messages on standard error. */
#ifndef FTRAIN_SHELL_MESSAGE_H
#define FTRAIN_SHELL_MESSAGE_H

/* Prints one line, "ftrain: ...", after clearing any progress bar. */
void message(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
