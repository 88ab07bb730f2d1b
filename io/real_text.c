/* SPDX-License-Identifier: MIT */
/* Digits are tried, from those that any double keeps to those that keep any double. */
#include "io/real_text.h"

#include <float.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* What is no digit, sign or exponent is the locale's decimal point, of one byte or more. */
void dni_real_write(FILE *to, double value) {
    char text[40];
    int digits = DBL_DIG;
    do snprintf(text, sizeof text, "%.*g", digits, value);
    while (strtod(text, NULL) != value && ++digits <= DBL_DECIMAL_DIG);
    bool is_real = false, in_point = false;
    for (const char *from = text; *from; from++) {
        const bool is_point = !strchr("0123456789+-e", *from);
        if (!is_point) putc(*from, to);
        if (is_point && !in_point) putc('.', to);
        in_point = is_point;
        is_real = is_real || is_point || *from == 'e';
    }
    if (!is_real) fputs(".0", to); /* so that it reads back as no whole number */
}
