/* SPDX-License-Identifier: MIT */
/* Cells, and the tables that are made of them. */
#include "ftrain/shell/columns.h"

#include "ftrain/shell/new_array.h"
#include "ftrain/shell/output.h"
#include "ftrain/shell/quote.h"
#include "ftrain/shell/table.h"
#include "io/json.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What a cell that is not a text of its own may take: more than a class's name and some words. */
enum { TEXT = 320 };

const void *rows_at(const row_table *table, size_t row) {
    return (const char *)table->first + row * table->size;
}

/* ---- cells ---- */

static const void *value_of(const table_column *from, const void *row) {
    return (const char *)row + from->offset;
}

void show_p_value(char *text, size_t size, const void *value) {
    const double p = *(const double *)value;
    if (isnan(p))
        snprintf(text, size, "-");
    else
        snprintf(text, size, p < 0.0001 ? "<0.0001" : "%.4f", p);
}

bool column_is_number(const table_column *from) {
    return from->kind == CELL_INT || from->kind == CELL_SIZE || from->kind == CELL_WHOLE ||
           from->kind == CELL_NUMBER;
}

static double number_at(const table_column *from, const void *value) {
    if (from->kind == CELL_INT) return *(const int *)value;
    if (from->kind == CELL_SIZE) return (double)*(const size_t *)value;
    return *(const double *)value;
}

const char *cell_text(char *text, size_t size, const table_column *from, const void *row) {
    const void *value = value_of(from, row);
    if (from->show) {
        from->show(text, size, value);
        return text;
    }
    if (from->kind == CELL_TEXT) return *(const char *const *)value;
    if (from->kind == CELL_CHARS) return value;
    if (from->kind == CELL_FLAG) return *(const bool *)value ? "yes" : "no";
    const double number = number_at(from, value);
    const char *format = from->kind != CELL_NUMBER ? "%.0f" : from->format ? from->format : "%.4f";
    if (isnan(number)) return "-";
    snprintf(text, size, format, number);
    return text;
}

static json_t *cell_json(const table_column *from, const void *row) {
    const void *value = value_of(from, row);
    if (from->json) return from->json(value);
    if (from->kind == CELL_FLAG) return json_boolean(*(const bool *)value);
    if (!column_is_number(from)) return dni_json_text(cell_text((char[TEXT]){0}, TEXT, from, row));
    const double number = number_at(from, value);
    return from->kind == CELL_NUMBER || !isfinite(number) ? dni_json_number(number)
                                                          : json_integer((json_int_t)number);
}

/* ---- text ---- */

static bool is_in_text(const table_column *from) {
    return from->title && !from->page_only;
}

/* A cell of a line: the titles are the first one. */
static const char *line_text(char text[TEXT], const row_table *table, int column, size_t line) {
    const table_column *const from = &table->columns[column];
    return line ? cell_text(text, TEXT, from, rows_at(table, line - 1)) : from->title;
}

static void print_line(const row_table *table, const int *widths, size_t line) {
    bool is_first = true;
    for (int c = 0; c < table->column_count; c++) {
        char text[TEXT];
        if (!is_in_text(&table->columns[c])) continue;
        table_print_cell(line_text(text, table, c, line), widths[c], is_first);
        is_first = false;
    }
    putchar('\n');
}

/* Cells are made twice, to be measured and to be printed: those of a million rows would be a gigabyte. */
bool rows_print(const row_table *table) {
    int *const widths = new_array((size_t)table->column_count, sizeof *widths);
    if (!widths) return false;
    for (size_t line = 0; line <= table->count; line++)
        for (int c = 0; c < table->column_count; c++) {
            char text[TEXT];
            if (!is_in_text(&table->columns[c])) continue;
            const int width = quote_width(line_text(text, table, c, line));
            widths[c] = width > widths[c] ? width : widths[c];
        }
    for (size_t line = 0; line <= table->count; line++) print_line(table, widths, line);
    free(widths);
    return true;
}

void rows_print_titles(const row_table *table) {
    const char *space = "";
    for (int c = 0; c < table->column_count; c++) {
        const table_column *from = &table->columns[c];
        if (!is_in_text(from) || !*from->title) continue;
        printf("%s%s", space, from->title);
        space = "  ";
    }
    putchar('\n');
}

void rows_print_line(const row_table *table, size_t row) {
    const char *space = "";
    for (int c = 0; c < table->column_count; c++) {
        const table_column *from = &table->columns[c];
        if (!is_in_text(from)) continue;
        char text[TEXT];
        const char *cell = cell_text(text, sizeof text, from, rows_at(table, row));
        if (*from->title || *cell) printf("%s%*s", space, (int)strlen(from->title), cell);
        space = "  ";
    }
    putchar('\n');
}

/* ---- JSON ---- */

json_t *row_json(const row_table *table, size_t row) {
    json_t *object = json_object();
    for (int c = 0; c < table->column_count; c++) {
        const table_column *from = &table->columns[c];
        if (from->key) dni_json_set(&object, from->key, cell_json(from, rows_at(table, row)));
    }
    return object;
}

json_t *rows_json(const row_table *table) {
    json_t *array = json_array();
    for (size_t i = 0; i < table->count; i++) dni_json_append(&array, row_json(table, i));
    return array;
}

bool rows_print_json(const row_table *table) {
    bool printed = true;
    for (size_t i = 0; printed && i < table->count; i++) printed = print_json(row_json(table, i));
    return printed;
}
