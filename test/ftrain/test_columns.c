/* SPDX-License-Identifier: MIT */
/* One description of columns, as text, JSON and HTML. */
#include "ftrain/page/html.h"
#include "ftrain/shell/columns.h"
#include "test/support/files.h"
#include "test/support/pages.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

typedef struct flower {
    const char *name;
    char colour[8];
    int petals;
    size_t bytes;
    double height, age; /* age: whole years */
    bool scented;
} flower;

static void show_size(char *text, size_t size, const void *value) {
    const flower *row = value;
    snprintf(text, size, "%zu B", row->bytes);
}

static json_t *names_json(const void *value) {
    const flower *row = value;
    return json_pack("[s, s]", row->name, row->colour);
}

static const table_column columns[] = {
    COLUMN("name", "name", CELL_TEXT, flower, name),
    COLUMN("colour", NULL, CELL_CHARS, flower, colour),
    COLUMN("petals", "petals", CELL_INT, flower, petals),
    ROW_COLUMN("size", NULL, .show = show_size, .page_only = true),
    COLUMN(NULL, "bytes", CELL_SIZE, flower, bytes),
    COLUMN("height", "height", CELL_NUMBER, flower, height, .format = "%.1f"),
    COLUMN("age", "age", CELL_WHOLE, flower, age),
    COLUMN("scent", "scent", CELL_FLAG, flower, scented),
    ROW_COLUMN(NULL, "names", .json = names_json),
};

static const flower flowers[] = {
    {"rose", "red", 34, 1234, 0.25, 3, true},
    {"t\xc3\xbclip <b>", "blue", 6, 7, (double)NAN, (double)NAN, false},
};

static row_table garden(void) {
    return (row_table)ROWS(columns, flowers, 2);
}

/* What print() writes to standard output; from malloc. */
static char *printed(void (*print)(void)) {
    char path[] = "/tmp/columns-XXXXXX";
    const int file = mkstemp(path), saved = dup(STDOUT_FILENO);
    assert_true(file >= 0 && saved >= 0);
    fflush(stdout);
    dup2(file, STDOUT_FILENO);
    print();
    fflush(stdout);
    dup2(saved, STDOUT_FILENO);
    close(saved);
    close(file);
    const file_bytes found = read_whole(path);
    unlink(path);
    char *text = malloc(found.size + 1);
    assert_non_null(text);
    memcpy(text, found.data, found.size);
    text[found.size] = '\0';
    free(found.data);
    return text;
}

static void print_table(void) {
    const row_table table = garden();
    assert_true(rows_print(&table));
}

static void test_text_has_what_has_a_title_and_is_not_for_pages_alone(void **state) {
    (void)state;
    char *text = printed(print_table);
    assert_string_equal(text,
                        "name       colour  petals  height  age  scent\n"
                        "rose          red      34     0.2    3    yes\n"
                        "t\xc3\xbclip <b>    blue       6       -    -     no\n");
    free(text);
}

static void print_odd_names(void) {
    static const flower odd[] = {
        {"bell\a", "\x1b[31m", 1, 0, 0.0, 0.0, false},
        {"\xe6\xbc\xa2\xe5\xad\x97", "white", 12345678, 0, 0.0, 0.0, false},
        {"", "", 0, 0, 0.0, 0.0, false},
    };
    static const table_column some[] = {
        COLUMN("name", NULL, CELL_TEXT, flower, name),
        COLUMN(NULL, "bytes", CELL_SIZE, flower, bytes),
        COLUMN("colour", NULL, CELL_CHARS, flower, colour),
        COLUMN("petals", NULL, CELL_INT, flower, petals),
    };
    const row_table table = ROWS(some, odd, 3);
    assert_true(rows_print(&table));
}

static void test_columns_are_as_wide_as_what_is_shown_in_them(void **state) {
    (void)state;
    char *text = printed(print_odd_names);
    assert_string_equal(text,
                        "name        colour    petals\n"
                        "bell\\x07  \\x1b[31m         1\n"
                        "\xe6\xbc\xa2\xe5\xad\x97           white  12345678\n"
                        "                           0\n");
    free(text);
}

static void print_lines(void) {
    const row_table table = garden();
    rows_print_titles(&table);
    rows_print_line(&table, 0);
}

static void test_a_growing_table_is_as_wide_as_its_titles(void **state) {
    (void)state;
    char *text = printed(print_lines);
    assert_string_equal(text,
                        "name  colour  petals  height  age  scent\n"
                        "rose     red      34     0.2    3    yes\n");
    free(text);
}

static void print_json_lines(void) {
    const row_table table = garden();
    assert_true(rows_print_json(&table));
}

static void test_json_has_what_has_a_key_with_null_for_nan(void **state) {
    (void)state;
    char *text = printed(print_json_lines);
    assert_string_equal(text,
                        "{\"name\": \"rose\", \"petals\": 34, \"bytes\": 1234, \"height\": 0.25, \"age\": 3, "
                        "\"scent\": true, \"names\": [\"rose\", \"red\"]}\n"
                        "{\"name\": \"t\xc3\xbclip <b>\", \"petals\": 6, \"bytes\": 7, \"height\": null, "
                        "\"age\": null, \"scent\": false, \"names\": [\"t\xc3\xbclip <b>\", \"blue\"]}\n");
    free(text);
}

static void test_a_page_has_all_titles_and_numbers_flush_right(void **state) {
    (void)state;
    const row_table table = garden();
    char *path = page_path();
    html *page;
    assert_int_equal(html_open(&page, path, "t", NULL), DN_OK);
    html_rows(page, &table);
    char *text = page_close_and_read(page, path);
    assert_non_null(strstr(text, "<th scope=\"col\">size</th><th scope=\"col\" class=\"n\">height</th>"));
    assert_null(strstr(text, "bytes"));
    assert_non_null(
        strstr(text,
               "<tr><td>t\xc3\xbclip &lt;b&gt;</td><td>blue</td><td class=\"n\">6</td><td>7 B</td>"
               "<td class=\"n\">-</td><td class=\"n\">-</td><td>no</td></tr>\n"));
    assert_tags_are_balanced(text);
    free(text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text_has_what_has_a_title_and_is_not_for_pages_alone),
        cmocka_unit_test(test_columns_are_as_wide_as_what_is_shown_in_them),
        cmocka_unit_test(test_a_growing_table_is_as_wide_as_its_titles),
        cmocka_unit_test(test_json_has_what_has_a_key_with_null_for_nan),
        cmocka_unit_test(test_a_page_has_all_titles_and_numbers_flush_right),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
