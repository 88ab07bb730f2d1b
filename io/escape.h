/* SPDX-License-Identifier: MIT */
/* Names in one line of text: a name of a file or a class can hold any bytes, also such as move the cursor,
 * end a line or a column, or turn the direction of writing. In manifests, decisions, messages and text output
 * these are escaped.
 *
 * Escaped are control characters (U+0000 to U+001F, U+007F to U+009F), the separators and direction marks
 * of Unicode (U+061C, U+200E, U+200F, U+2028 to U+202E, U+2066 to U+2069), bytes that are not UTF-8, and
 * the backslash: as \n, \t, \r, \\, and each other byte as \xHH. So a name without any of these stays as
 * it is, and `printf %b` gives every name back. */
#ifndef DN_IO_ESCAPE_H
#define DN_IO_ESCAPE_H

#include <stddef.h>

enum { DNI_LONGEST_ESCAPE = 4 * 4 }; /* of a character: four bytes, each as \xHH */

/* Takes one character, or one byte that is none, from *text, which must not be empty; writes it to `out`,
 * escaped where it has to be, and returns how many bytes that are. */
size_t dni_escape_next(char out[DNI_LONGEST_ESCAPE], const char **text);

/* The escaped name, from malloc; NULL: out of memory. */
char *dni_escape(const char *name);

/* Turns an escaped text of `size` bytes back into the name, in place, and ends it with a zero byte, for which
 * there must be room. Returns the name's length; -1 where the text is not of the form above (an unknown
 * escape, \x00, a zero byte), and then what it holds is undefined. */
long dni_unescape(char *text, size_t size);

#endif
