/* SPDX-License-Identifier: MIT */
/* CSV by RFC 4180, except that lines end in a line feed alone. */
#ifndef DN_IO_CSV_H
#define DN_IO_CSV_H

#include <stdio.h>

/* Writes one field. If it holds a comma, a double quote or a line break, it is put in double quotes, and its
 * own ones are doubled. */
void dni_csv_field(FILE *out, const char *text);

#endif
