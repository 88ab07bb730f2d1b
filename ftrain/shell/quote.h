/* Names on a terminal: a name of a file or a class can hold any bytes, also such as move the cursor, end a
 * line, or turn the direction of writing. In text output and messages these are escaped; JSON and CSV have
 * the names themselves.
 *
 * Escaped are control characters (U+0000 to U+001F, U+007F to U+009F), the separators and direction marks
 * of Unicode (U+061C, U+200E, U+200F, U+2028 to U+202E, U+2066 to U+2069), bytes that are not UTF-8, and
 * the backslash: as \n, \t, \r, \\, and each other byte as \xHH. So a name without any of these stays as
 * it is, and `printf %b` gives every name back. */
#ifndef FTRAIN_SHELL_QUOTE_H
#define FTRAIN_SHELL_QUOTE_H

#include <stdio.h>

/* Writes the name, escaped. */
void quote_write(FILE *to, const char *text);

/* The escaped name, from malloc; NULL: out of memory. */
char *quote_text(const char *text);

#endif
