/* CSV as RFC 4180 has it, but for lines that end in a line feed alone. */
#ifndef DN_IO_CSV_H
#define DN_IO_CSV_H

#include <stdio.h>

/* Writes one field: in double quotes, its own doubled, where it holds a comma, a quote or a line break. */
void dni_csv_field(FILE *out, const char *text);

#endif
