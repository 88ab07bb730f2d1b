/* SPDX-License-Identifier: MIT */
/* Numbers as text that reads back as the same number. */
#ifndef DN_IO_REAL_TEXT_H
#define DN_IO_REAL_TEXT_H

#include <stdio.h>

/* Writes a finite double with the fewest digits that read back as the same one, and with a decimal point or
 * an exponent: "0.1", "1.0", "1e+30"; the point is a point in any locale. */
void dni_real_write(FILE *to, double value);

#endif
