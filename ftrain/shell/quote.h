/* SPDX-License-Identifier: MIT */
/* Names on a terminal: in text output and messages they are escaped as io/escape.h says; JSON and CSV have
 * the names themselves. */
#ifndef FTRAIN_SHELL_QUOTE_H
#define FTRAIN_SHELL_QUOTE_H

#include <stdio.h>

/* Writes the name, escaped. */
void quote_write(FILE *to, const char *text);

/* The escaped name, from malloc; NULL: out of memory. */
char *quote_text(const char *text);

/* How many characters the escaped name has. */
int quote_width(const char *text);

#endif
