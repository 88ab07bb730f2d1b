/* SPDX-License-Identifier: MIT */
/* One page of HTML that needs nothing but itself: no scripts, no fonts, nothing from elsewhere.
 *
 *     html_open(&page, "report.html", "A title", &error);
 *     html_section(page, "result", "Result");
 *     html_text(page, "<b> & friends");                        escaped
 *     html_raw(page, "<p>%d of %d</p>\n", correct, count);     as it is
 *     html_close(page, &error);
 *
 * What goes wrong on the way is remembered and reported by html_close(). A page is written whole or not at
 * all. */
#ifndef FTRAIN_PAGE_HTML_H
#define FTRAIN_PAGE_HTML_H

#include "core/status.h"
#include "ftrain/shell/columns.h"

typedef struct html html;

dn_status html_open(html **out, const char *path, const char *title, dn_error *error);
/* Writes the page and frees it, also when it fails. */
dn_status html_close(html *page, dn_error *error);
/* For a page that a failure of the machine leaves incomplete: html_close() then writes nothing, and tells
 * of it. */
void html_fail(html *page, const dn_error *error);
/* Leaves nothing behind. NULL is fine. */
void html_abandon(html *page);

/* The style of all pages, as CSS. */
const char *html_style(void);

/* Begins a section, which ends where the next one begins; the page opens with a list of them. Both texts
 * outlive the page; `id` needs no escaping. */
void html_section(html *page, const char *id, const char *title);
/* A heading within a section; escaped. */
void html_heading(html *page, const char *text);

/* Text of any kind; what is special in HTML is escaped, what is no UTF-8 becomes U+FFFD. */
void html_text(html *page, const char *text);
/* Markup, and numbers in it; never a text that somebody else chose. */
void html_raw(html *page, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A rule of style for the page's head: for what only this page has. As it is, like html_raw(). */
void html_add_style(html *page, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A table, numbers flush right; it scrolls inside its own box where it is wider than the page. */
void html_rows(html *page, const row_table *table);

/* Such a table cell by cell, row by row. The first `text_columns` columns are flush left, the others,
 * numbers, flush right. */
void html_table_begin(html *page, const char *const *titles, int columns, int text_columns);
void html_cell(html *page, const char *text);
/* A number, or "-" for NaN. */
void html_number(html *page, const char *format, double value) __attribute__((format(printf, 2, 0)));
void html_table_end(html *page);

#endif
