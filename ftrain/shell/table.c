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
    size_t count, room;
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
    if (to->count == to->room) {
        const size_t room = to->room ? 2 * to->room : 64;
        char **cells = realloc(to->cells, room * sizeof *cells);
        if (!cells) {
            to->is_broken = true;
            return;
        }
        to->cells = cells;
        to->room = room;
    }
    char *copy = quote_text(text);
    to->is_broken = !copy;
    if (copy) to->cells[to->count++] = copy;
}

void table_number(text_table *to, const char *format, double value) {
    char text[64] = "-";
    if (!isnan(value)) snprintf(text, sizeof text, format, value);
    table_text(to, text);
}

/* Characters of UTF-8 text: bytes that begin one. */
static int width_of(const char *text) {
    int width = 0;
    for (; *text; text++) width += (*text & 0xc0) != 0x80;
    return width;
}

static int column_width(const text_table *of, size_t column) {
    int widest = 0;
    for (size_t i = column; i < of->count; i += (size_t)of->columns) {
        const int width = width_of(of->cells[i]);
        widest = width > widest ? width : widest;
    }
    return widest;
}

static void print_cells(const text_table *of, const int *widths) {
    for (size_t i = 0; i < of->count; i++) {
        const size_t column = i % (size_t)of->columns;
        const int space = widths[column] - width_of(of->cells[i]);
        if (column)
            printf("  %*s%s", space, "", of->cells[i]);
        else
            printf("%s%*s", of->cells[i], space, "");
        if (column + 1 == (size_t)of->columns) putchar('\n');
    }
}

bool table_print(text_table *of) {
    if (!of) return false;
    int *widths = calloc((size_t)of->columns, sizeof *widths);
    const bool whole = widths && !of->is_broken;
    for (int c = 0; whole && c < of->columns; c++) widths[c] = column_width(of, (size_t)c);
    if (whole)
        print_cells(of, widths);
    else
        (void)report_no_memory();
    for (size_t i = 0; i < of->count; i++) free(of->cells[i]);
    free(of->cells);
    free(of);
    free(widths);
    return whole;
}
