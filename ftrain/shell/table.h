/* SPDX-License-Identifier: MIT */
/* A table on standard output: columns as wide as their widest cell, the first flush left, the others flush
 * right. */
#ifndef FTRAIN_SHELL_TABLE_H
#define FTRAIN_SHELL_TABLE_H

#include <stdbool.h>

typedef struct text_table text_table;

/* NULL, after a message, without memory; all below take NULL and do nothing. */
text_table *table_create(int columns);
/* The next cell, row by row; text, in which names are escaped (ftrain/shell/quote.h) when it is printed, or,
 * for a number that may be NaN, `format` for it or "-". */
void table_text(text_table *to, const char *text);
void table_number(text_table *to, const char *format, double value) __attribute__((format(printf, 2, 0)));
/* Prints the table and frees it. Where memory ran out on the way nothing is printed: false, after a
 * message. */
bool table_print(text_table *table);

/* Prints one cell of a table that is not kept: `width` is its column's. */
void table_print_cell(const char *text, int width, bool is_first);

#endif
