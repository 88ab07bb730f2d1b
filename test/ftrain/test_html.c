/* SPDX-License-Identifier: MIT */
/* The writer of pages: what it escapes, that a page is whole or not there, that every tag is closed. */
#include "ftrain/page/html.h"
#include "io/file.h"
#include "test/support/files.h"
#include "test/support/pages.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static void test_a_page_is_not_there_before_it_is_closed(void **state) {
    (void)state;
    char *path = page_path();
    html *page;
    assert_int_equal(html_open(&page, path, "t", NULL), DN_OK);
    html_section(page, "one", "One");
    assert_int_not_equal(access(path, F_OK), 0);
    assert_int_equal(html_close(page, NULL), DN_OK);
    assert_int_equal(access(path, F_OK), 0);
    page_remove(path);
}

static void test_an_abandoned_page_leaves_nothing(void **state) {
    (void)state;
    char *path = page_path();
    html *page;
    assert_int_equal(html_open(&page, path, "t", NULL), DN_OK);
    html_text(page, "text");
    html_abandon(page);
    page_remove(path); /* asserts that its folder is empty */
    html_abandon(NULL);
}

static void test_a_folder_that_is_not_there_is_named(void **state) {
    (void)state;
    html *page;
    dn_error error;
    char *const folder = make_folder();
    char path[600];
    snprintf(path, sizeof path, "%s/absent/report.html", folder);
    assert_int_not_equal(html_open(&page, path, "t", &error), DN_OK);
    assert_null(page);
    assert_non_null(strstr(error.message, path));
    remove_folder(folder);
}

static void test_rules_of_style_go_to_the_head(void **state) {
    (void)state;
    char *path = page_path();
    html *page;
    assert_int_equal(html_open(&page, path, "t", NULL), DN_OK);
    html_section(page, "one", "One");
    html_add_style(page, "#one-%d{display:none}\n", 7);
    html_text(page, "text");
    char *text = page_close_and_read(page, path);
    assert_tags_are_balanced(text);
    const char *rule = strstr(text, "#one-7{display:none}");
    assert_true(rule && rule > strstr(text, "<style>") && rule < strstr(text, "</style>"));
    free(text);
}

static void test_text_is_escaped_everywhere(void **state) {
    (void)state;
    const char *const nasty = "<b>&\"'";
    char *path = page_path();
    html *page;
    assert_int_equal(html_open(&page, path, nasty, NULL), DN_OK);
    html_section(page, "id", nasty);
    html_text(page, nasty);
    html_table_begin(page, &nasty, 1, 1);
    html_cell(page, nasty);
    html_table_end(page);
    char *text = page_close_and_read(page, path);
    assert_null(strstr(text, "<b>"));
    /* in title, heading, contents, section, text, table head and cell */
    assert_int_equal(page_count(text, "&lt;b&gt;&amp;&quot;&#39;"), 7);
    free(text);
}

static void test_what_is_no_text_becomes_the_replacement_character(void **state) {
    (void)state;
    char *path = page_path();
    html *page;
    assert_int_equal(html_open(&page, path, "t", NULL), DN_OK);
    html_text(page,
              "a\xff"
              "b\x01"
              "c\xc3\xa4");
    char *text = page_close_and_read(page, path);
    assert_non_null(strstr(text,
                           "a\xef\xbf\xbd"
                           "b\xef\xbf\xbd"
                           "c\xc3\xa4"));
    free(text);
}

static void test_a_name_does_not_turn_what_follows_it(void **state) {
    (void)state;
    char *path = page_path();
    html *page;
    assert_int_equal(html_open(&page, path, "t", NULL), DN_OK);
    html_text(page, "a\u202eb\u202ac\u2066d\u2069e\u200ff\u2065g");
    char *text = page_close_and_read(page, path);
    assert_non_null(strstr(text, "a\ufffdb\ufffdc\ufffdd\ufffde\u200ff\u2065g"));
    free(text);
}

static void test_sections_are_listed_in_their_order(void **state) {
    (void)state;
    char *path = page_path();
    html *page;
    assert_int_equal(html_open(&page, path, "t", NULL), DN_OK);
    html_section(page, "first", "First");
    html_section(page, "second", "Second");
    char *text = page_close_and_read(page, path);
    const char *first = strstr(text, "<a href=\"#first\">First</a>");
    const char *second = strstr(text, "<a href=\"#second\">Second</a>");
    assert_non_null(first);
    assert_true(second > first);
    assert_true(strstr(text, "<section id=\"first\">") > second);
    assert_tags_are_balanced(text);
    free(text);
}

static void test_rows_break_by_themselves_and_nan_is_a_dash(void **state) {
    (void)state;
    static const char *const titles[] = {"name", "value"};
    char *path = page_path();
    html *page;
    assert_int_equal(html_open(&page, path, "t", NULL), DN_OK);
    html_table_begin(page, titles, 2, 1);
    html_cell(page, "x");
    html_number(page, "%.2f", 1.5);
    html_cell(page, "y");
    html_number(page, "%.2f", (double)NAN);
    html_table_end(page);
    char *text = page_close_and_read(page, path);
    assert_non_null(strstr(text,
                           "<tr><td>x</td><td class=\"n\">1.50</td></tr>\n"
                           "<tr><td>y</td><td class=\"n\">-</td></tr>\n"));
    assert_tags_are_balanced(text);
    free(text);
}

static void test_a_page_loads_nothing(void **state) {
    (void)state;
    char *path = page_path();
    html *page;
    assert_int_equal(html_open(&page, path, "t", NULL), DN_OK);
    char *text = page_close_and_read(page, path);
    static const char *const loaders[] = {"http:", "https:", "<script", "<link", "@import", "url(", "src="};
    for (size_t i = 0; i < sizeof loaders / sizeof *loaders; i++) assert_null(strstr(text, loaders[i]));
    free(text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_page_is_not_there_before_it_is_closed),
        cmocka_unit_test(test_an_abandoned_page_leaves_nothing),
        cmocka_unit_test(test_a_folder_that_is_not_there_is_named),
        cmocka_unit_test(test_rules_of_style_go_to_the_head),
        cmocka_unit_test(test_text_is_escaped_everywhere),
        cmocka_unit_test(test_what_is_no_text_becomes_the_replacement_character),
        cmocka_unit_test(test_a_name_does_not_turn_what_follows_it),
        cmocka_unit_test(test_sections_are_listed_in_their_order),
        cmocka_unit_test(test_rows_break_by_themselves_and_nan_is_a_dash),
        cmocka_unit_test(test_a_page_loads_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
