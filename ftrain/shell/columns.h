/* SPDX-License-Identifier: MIT */
/* One description of a table's columns. It renders as text here, as JSON here, and as HTML by page/html.h:
 *
 *     static const table_column columns[] = {
 *         COLUMN("class", "name", CELL_TEXT, class_row, name),
 *         COLUMN("recall", "recall", CELL_NUMBER, class_row, metrics.recall),
 *     };
 *     const row_table table = ROWS(columns, class_rows, count);
 *     rows_print(&table);
 */
#ifndef FTRAIN_SHELL_COLUMNS_H
#define FTRAIN_SHELL_COLUMNS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/* What lies at a column's offset in a row. */
typedef enum cell_kind {
    CELL_TEXT,   /* const char * */
    CELL_CHARS,  /* char[] */
    CELL_INT,    /* int */
    CELL_SIZE,   /* size_t */
    CELL_WHOLE,  /* double, a whole number; NaN as in CELL_NUMBER */
    CELL_NUMBER, /* double; NaN is "-" for people and null in JSON */
    CELL_FLAG,   /* bool */
    CELL_RECORD, /* anything else, for `show` and `json` */
} cell_kind;

typedef struct table_column {
    const char *title; /* for people; NULL: in JSON alone */
    const char *key;   /* in JSON; NULL: for people alone */
    cell_kind kind;
    size_t offset;
    bool page_only;     /* not in the text */
    const char *format; /* of CELL_NUMBER, for people; NULL: "%.4f" */
    /* Instead of what the kind alone would give; `value` points to what lies at the offset. */
    void (*show)(char *text, size_t size, const void *value);
    json_t *(*json)(const void *value);
} table_column;

/* A column whose values are `member` of rows of that type; behind them, other members of struct
 * table_column. */
#define COLUMN(title_, key_, kind_, type_, ...) COLUMN_OF(key_, kind_, type_, __VA_ARGS__, .title = (title_))
/* ISO C wants something in place of the dots, even where a column has no other members: its title. */
#define COLUMN_OF(key_, kind_, type_, member_, ...)                                                          \
    { .key = (key_), .kind = (kind_), .offset = offsetof(type_, member_), __VA_ARGS__ }

/* A column that `show` and `json` make of the whole row. */
#define ROW_COLUMN(title_, key_, ...)                                                                        \
    { .title = (title_), .key = (key_), .kind = CELL_RECORD, __VA_ARGS__ }

/* A table: the columns, and an array of rows. */
typedef struct row_table {
    const table_column *columns;
    int column_count;
    const void *first;
    size_t size; /* bytes of a row */
    size_t count;
} row_table;

/* Of arrays: `columns_` must be one, `first_` points to the first row. */
#define ROWS(columns_, first_, count_)                                                                       \
    {                                                                                                        \
        .columns = (columns_), .column_count = (int)(sizeof(columns_) / sizeof *(columns_)),                 \
        .first = (first_), .size = sizeof *(first_), .count = (size_t)(count_)                               \
    }

const void *rows_at(const row_table *table, size_t row);

/* A cell as people see it: the row's own text, or what is written to `text`. */
const char *cell_text(char *text, size_t size, const table_column *from, const void *row);
/* For `show` of a column of p-values, double: with four digits, but never a flat 0; "-" for NaN. */
void show_p_value(char *text, size_t size, const void *value);
/* Whether a cell is a number, which is set flush right. */
bool column_is_number(const table_column *from);

/* Prints the whole table on standard output; false, after a message, without memory. */
bool rows_print(const row_table *table);
/* Prints the titles, or one row, of a table that grows while it is printed: each column is as wide as its
 * title, the last one is not padded. */
void rows_print_titles(const row_table *table);
void rows_print_line(const row_table *table, size_t row);

/* A row as an object; all of them as an array. NULL without memory. */
json_t *row_json(const row_table *table, size_t row);
json_t *rows_json(const row_table *table);
/* Prints a JSON object a line; false, after a message, without memory. */
bool rows_print_json(const row_table *table);

#endif
