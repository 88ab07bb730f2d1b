/* SPDX-License-Identifier: MIT */
/* Laying out a table. */
#include "ftrain/shell/table.h"

#include "ftrain/shell/outcome.h"
#include "ftrain/shell/quote.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct text_table {
    int columns;
    char **cells;
    size_t count, capacity;
    bool is_broken; /* a cell found no memory */
};

text_table *table_create(int columns) {
    text_table *made = calloc(1, sizeof *made);
    if (made)
        made->columns = columns;
    else
        (void)report_no_memory();
    return made;
}

void table_text(text_table *to, const char *text) {
    if (!to || to->is_broken) return;
    if (to->count == to->capacity) {
        const size_t capacity = to->capacity ? 2 * to->capacity : 64;
        char **cells = realloc(to->cells, capacity * sizeof *cells);
        if (!cells) {
            to->is_broken = true;
            return;
        }
        to->cells = cells;
        to->capacity = capacity;
    }
    char *copy = strdup(text);
    to->is_broken = !copy;
    if (copy) to->cells[to->count++] = copy;
}

void table_number(text_table *to, const char *format, double value) {
    char text[64] = "-";
    if (!isnan(value)) snprintf(text, sizeof text, format, value);
    table_text(to, text);
}

static int column_width(const text_table *table, size_t column) {
    int widest = 0;
    for (size_t i = column; i < table->count; i += (size_t)table->columns) {
        const int width = quote_width(table->cells[i]);
        widest = width > widest ? width : widest;
    }
    return widest;
}

void table_print_cell(const char *text, int width, bool is_first) {
    const int space = width - quote_width(text);
    if (!is_first) printf("  %*s", space, "");
    quote_write(stdout, text);
    if (is_first) printf("%*s", space, "");
}

static void print_cells(const text_table *table, const int *widths) {
    for (size_t i = 0; i < table->count; i++) {
        const size_t column = i % (size_t)table->columns;
        table_print_cell(table->cells[i], widths[column], !column);
        if (column + 1 == (size_t)table->columns) putchar('\n');
    }
}

bool table_print(text_table *table) {
    if (!table) return false;
    int *widths = calloc((size_t)table->columns, sizeof *widths);
    const bool whole = widths && !table->is_broken;
    for (int c = 0; whole && c < table->columns; c++) widths[c] = column_width(table, (size_t)c);
    if (whole)
        print_cells(table, widths);
    else
        (void)report_no_memory();
    for (size_t i = 0; i < table->count; i++) free(table->cells[i]);
    free(table->cells);
    free(table);
    free(widths);
    return whole;
}
