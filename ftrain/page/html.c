/* SPDX-License-Identifier: MIT */
/* The sections are gathered in memory, since the list of them stands before them; the file is written at
 * the end. */
#include "ftrain/page/html.h"

#include "core/error.h"
#include "io/file.h"
#include "io/json.h"
#include "io/text_stream.h"

#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_SECTIONS = 32 };

typedef struct section {
    const char *id, *title;
} section;

struct html {
    char *path, *title;
    dni_text_stream body;  /* the sections: the list of them comes before */
    dni_text_stream rules; /* of style, beyond STYLE: likewise */
    dni_text_stream head;  /* all before the sections */
    FILE *to;              /* body, or head at the end */
    section sections[MAX_SECTIONS];
    int section_count;
    int columns, text_columns, cell; /* of the table that is open */
    bool is_broken;                  /* memory ran out */
    dn_error failure;                /* the first that html_fail() was told; status DN_OK: none */
};

/* Colours are picked to be told apart by the colour-blind (Okabe & Ito 2008), darker on white, lighter on
 * black. */
static const char STYLE[] =
    ":root{color-scheme:light dark;--back:#fff;--fore:#1b1b1b;--dim:#5c5c5c;--line:#d4d4d4;--soft:#f4f4f2;"
    "--s1:#0067a5;--s2:#c24f00;--s3:#00795a;--s4:#a0478a;--s5:#7a6000;--s6:#5a4fcf;--s7:#a3002f;--s8:#5a5a5a;--s9:#4a7300;"
    "--s10:#7b4a2e}\n"
    "@media (prefers-color-scheme:dark){:root{--back:#16181a;--fore:#e7e7e4;--dim:#a5a5a0;--line:#3c4043;"
    "--soft:#212427;--s1:#63b8ee;--s2:#f0a04b;--s3:#3fc79c;--s4:#dd8fc5;--s5:#d6c04a;"
    "--s6:#a9a2ff;--s7:#ff8095;--s8:#b5b5b5;--s9:#a6d854;--s10:#d2a17c}}\n"
    "*{box-sizing:border-box}\n"
    "body{margin:0 auto;max-width:64rem;padding:1.5rem 1rem 4rem;background:var(--back);color:var(--fore);"
    "font:1rem/1.5 system-ui,sans-serif;overflow-wrap:anywhere}\n"
    "h1{font-size:1.6rem;line-height:1.25;margin:0 0 .5rem}h2{font-size:1.2rem;margin:2.5rem 0 .5rem;"
    "padding-top:.75rem;border-top:1px solid var(--line)}h3{font-size:1rem;margin:1.5rem 0 .25rem}\n"
    "p{max-width:46rem;margin:.5rem 0}.dim,figcaption{color:var(--dim);font-size:.875rem}\n"
    "code,pre{font-family:ui-monospace,monospace;font-size:.875rem}\n"
    "pre{background:var(--soft);padding:.5rem .75rem;border-radius:4px;white-space:pre-wrap;margin:.5rem 0}\n"
    "pre span{display:inline-block;max-width:100%}\n"
    "a{color:var(--s1)}nav ul{display:flex;flex-wrap:wrap;gap:.25rem 1.25rem;padding:0;margin:1rem 0;list-style:none}\n"
    ".headline{font-size:2rem;font-weight:600;line-height:1.2;margin:.5rem 0 0}\n"
    ".scroll{overflow:auto;max-width:100%;max-height:36rem;margin:.75rem 0}\n"
    "table{border-collapse:collapse;font-size:.9rem;font-variant-numeric:tabular-nums}\n"
    "th,td{padding:.25rem .75rem .25rem 0;border-bottom:1px solid var(--line);text-align:left;"
    "vertical-align:top}th{color:var(--dim);font-weight:600;white-space:nowrap}\n"
    "td.n,th.n{text-align:right;white-space:nowrap;padding:.25rem 0 .25rem 1rem}\n"
    "td{overflow-wrap:normal}.settings td{overflow-wrap:anywhere}.settings td:first-child{min-width:8.5rem}\n"
    ".grid{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,22rem),1fr));gap:1.5rem;"
    "margin:1rem 0}figure{margin:.5rem 0;min-width:0}svg{display:block;width:100%;max-width:34rem;height:auto}\n"
    "figure text{paint-order:stroke;stroke:var(--back);stroke-width:3px}\n"
    ".legend{margin:.25rem 0;font-size:.875rem}.legend span{display:inline-flex;align-items:center;gap:.4rem;"
    "margin-right:1.25rem}.legend svg{width:34px}\n"
    ".pictures{display:grid;grid-template-columns:repeat(auto-fill,minmax(6.5rem,1fr));gap:.75rem .5rem;"
    "margin:.75rem 0}.pictures figure{margin:0}.pictures figcaption{font-size:.75rem;line-height:1.3}"
    ".sheet figure{content-visibility:auto;contain-intrinsic-size:auto 6.5rem auto 8rem}\n"
    ".alarm{border:2px solid var(--s2);border-left-width:.75rem;border-radius:4px;background:var(--soft);"
    "padding:.25rem 1rem;margin:1rem 0}.alarm p,.alarm li{max-width:none}.alarm strong{color:var(--s2)}\n"
    ".large{grid-template-columns:repeat(auto-fill,minmax(9rem,1fr))}.large img{width:100%}.large details{margin:.25rem 0;font-size:.75rem}"
    ".mean img{width:100%}.pair{display:flex;gap:.25rem}.pair img{width:50%}img{display:block;max-width:100%;height:auto}\n"
    "dl{max-width:46rem;margin:.5rem 0}dt{font-weight:600;margin-top:.5rem}dd{margin:0 0 0 1rem}\n"
    "details{margin:.75rem 0}summary{cursor:pointer}\n"
    ".filtered{position:relative}.filtered>p{margin:.75rem 0 .25rem}"
    ".filtered>input{position:absolute;opacity:0;width:1px;height:1px;margin:0}"
    ".filtered>label{display:inline-block;padding:.15rem .6rem;margin:.15rem .15rem .15rem 0;border:1px solid var(--line);"
    "border-radius:1rem;font-size:.875rem;cursor:pointer}"
    ".filtered>input:checked+label{border-color:var(--s1);background:var(--s1);color:var(--back)}"
    ".filtered>input:focus-visible+label{outline:2px solid var(--fore);outline-offset:2px}\n"
    "@media print{body{max-width:none;padding:0}nav{display:none}.scroll{overflow:visible;max-height:none}"
    "h2,figure,tr{break-inside:avoid}h2{break-after:avoid}}\n";

const char *html_style(void) {
    return STYLE;
}

/* ---- the page ---- */

static void free_page(html *page) {
    dni_text_stream *const streams[] = {&page->body, &page->rules, &page->head};
    for (size_t i = 0; i < sizeof streams / sizeof *streams; i++) {
        (void)dni_text_stream_close(streams[i]);
        free(streams[i]->text);
    }
    free(page->path);
    free(page->title);
    free(page);
}

dn_status html_open(html **out, const char *path, const char *title, dn_error *error) {
    *out = NULL;
    html *page = calloc(1, sizeof *page);
    if (!page) return dni_fail(error, DN_ERR_MEMORY, "%s: out of memory", path);
    page->path = strdup(path);
    page->title = strdup(title);
    const bool has_streams = dni_text_stream_open(&page->body) && dni_text_stream_open(&page->rules);
    page->to = page->body.to;
    dn_status status = DN_OK;
    if (!page->path || !page->title || !has_streams)
        status = dni_fail(error, DN_ERR_MEMORY, "%s: out of memory", path);
    dni_file_writer *writer = NULL; /* only to learn early whether it can be written */
    if (!status) status = dni_file_writer_open(&writer, path, error);
    dni_file_writer_abandon(writer);
    if (status)
        free_page(page);
    else
        *out = page;
    return status;
}

void html_abandon(html *page) {
    if (!page) return;
    free_page(page);
}

void html_fail(html *page, const dn_error *error) {
    if (!page->failure.status) page->failure = *error;
}

static void write_head(html *page) {
    page->to = page->head.to;
    html_raw(page,
             "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
             "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>");
    html_text(page, page->title);
    html_raw(page, "</title>\n<style>\n%s%s</style>\n</head>\n<body>\n<header>\n<h1>", STYLE,
             page->rules.text);
    html_text(page, page->title);
    html_raw(page, "</h1>\n</header>\n<nav aria-label=\"Contents\"><ul>\n");
    for (int i = 0; i < page->section_count; i++) {
        html_raw(page, "<li><a href=\"#%s\">", page->sections[i].id);
        html_text(page, page->sections[i].title);
        html_raw(page, "</a></li>\n");
    }
    html_raw(page, "</ul></nav>\n<main>\n");
}

static dn_status write_file(const html *page, dn_error *error) {
    dni_file_writer *writer;
    dn_status status = dni_file_writer_open(&writer, page->path, error);
    if (status) return status;
    status = dni_file_write(writer, page->head.text, page->head.size, error);
    if (!status) status = dni_file_write(writer, page->body.text, page->body.size, error);
    if (!status) return dni_file_writer_commit(writer, error);
    dni_file_writer_abandon(writer);
    return status;
}

static dn_status write_page(html *page, dn_error *error) {
    html_raw(page, "%s</main>\n</body>\n</html>\n", page->section_count ? "</section>\n" : "");
    bool is_whole = dni_text_stream_close(&page->body) && dni_text_stream_close(&page->rules);
    if (is_whole && dni_text_stream_open(&page->head)) write_head(page);
    is_whole = is_whole && dni_text_stream_close(&page->head);
    dn_status status = DN_OK;
    if (!is_whole || page->is_broken)
        status = dni_fail(error, DN_ERR_MEMORY, "%s: out of memory for the page", page->path);
    if (!status && page->failure.status)
        status = dni_fail(error, page->failure.status, "%s", page->failure.message);
    return !status ? write_file(page, error) : status;
}

dn_status html_close(html *page, dn_error *error) {
    const dn_status status = write_page(page, error);
    free_page(page);
    return status;
}

void html_section(html *page, const char *id, const char *title) {
    if (page->section_count) html_raw(page, "</section>\n");
    if (page->section_count < MAX_SECTIONS) page->sections[page->section_count++] = (section){id, title};
    html_raw(page, "<section id=\"%s\">\n<h2>", id);
    html_text(page, title);
    html_raw(page, "</h2>\n");
}

void html_heading(html *page, const char *text) {
    html_raw(page, "<h3>");
    html_text(page, text);
    html_raw(page, "</h3>\n");
}

/* ---- text ---- */

void html_raw(html *page, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    if (vfprintf(page->to, format, arguments) < 0) page->is_broken = true;
    va_end(arguments);
}

void html_add_style(html *page, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    if (vfprintf(page->rules.to, format, arguments) < 0) page->is_broken = true;
    va_end(arguments);
}

/* The length of a mark that turns the direction of all that follows it, also outside the name that it is in:
 * U+202A to U+202E, U+2066 to U+2069. 0: there is none. */
static size_t direction_mark(const char *text) {
    if (strncmp(text, "\xe2\x80", 2) == 0 && text[2] >= '\xaa' && text[2] <= '\xae') return 3;
    return strncmp(text, "\xe2\x81", 2) == 0 && text[2] >= '\xa6' && text[2] <= '\xa9' ? 3 : 0;
}

static void write_escaped(FILE *to, const char *text) {
    for (; *text; text++) {
        const unsigned char byte = (unsigned char)*text;
        if (byte == '&')
            fputs("&amp;", to);
        else if (byte == '<')
            fputs("&lt;", to);
        else if (byte == '>')
            fputs("&gt;", to);
        else if (byte == '"')
            fputs("&quot;", to);
        else if (byte == '\'')
            fputs("&#39;", to);
        else if ((byte < 0x20 && byte != '\n' && byte != '\t') || byte == 0x7f)
            fputs("\xef\xbf\xbd", to);                            /* U+FFFD: HTML has no control characters */
        else if (byte == 0xc2 && (unsigned char)text[1] < 0xa0) { /* U+0080 to U+009F */
            fputs("\xef\xbf\xbd", to);
            text++;
        } else if (direction_mark(text)) {
            fputs("\xef\xbf\xbd", to);
            text += direction_mark(text) - 1;
        } else
            fputc(byte, to);
    }
}

void html_text(html *page, const char *text) {
    json_t *clean = dni_json_text(text);
    if (clean)
        write_escaped(page->to, json_string_value(clean));
    else
        page->is_broken = true;
    json_decref(clean);
}

/* ---- tables ---- */

#define TABLE_BEGIN "<div class=\"scroll\" tabindex=\"0\"><table>\n<thead><tr>"

void html_table_begin(html *page, const char *const *titles, int columns, int text_columns) {
    page->columns = columns;
    page->text_columns = text_columns;
    page->cell = 0;
    html_raw(page, TABLE_BEGIN);
    for (int c = 0; c < columns; c++) {
        html_raw(page, "<th scope=\"col\"%s>", c < text_columns ? "" : " class=\"n\"");
        html_text(page, titles[c]);
        html_raw(page, "</th>");
    }
    html_raw(page, "</tr></thead>\n<tbody>\n");
}

void html_cell(html *page, const char *text) {
    const int column = page->cell++ % page->columns;
    html_raw(page, "%s<td%s>", column ? "" : "<tr>", column < page->text_columns ? "" : " class=\"n\"");
    html_text(page, text);
    html_raw(page, "</td>%s", column + 1 == page->columns ? "</tr>\n" : "");
}

void html_number(html *page, const char *format, double value) {
    char text[64] = "-";
    if (!isnan(value)) snprintf(text, sizeof text, format, value);
    html_cell(page, text);
}

void html_table_end(html *page) {
    html_raw(page, "</tbody>\n</table></div>\n");
}

/* The first column names the row: flush left, whatever it holds. */
static const char *class_of(const row_table *table, int c) {
    return c > 0 && column_is_number(&table->columns[c]) ? " class=\"n\"" : "";
}

void html_rows(html *page, const row_table *table) {
    html_raw(page, TABLE_BEGIN);
    for (int c = 0; c < table->column_count; c++) {
        if (!table->columns[c].title) continue;
        html_raw(page, "<th scope=\"col\"%s>", class_of(table, c));
        html_text(page, table->columns[c].title);
        html_raw(page, "</th>");
    }
    html_raw(page, "</tr></thead>\n<tbody>\n");
    for (size_t i = 0; i < table->count; i++) {
        html_raw(page, "<tr>");
        for (int c = 0; c < table->column_count; c++) {
            char text[256];
            if (!table->columns[c].title) continue;
            html_raw(page, "<td%s>", class_of(table, c));
            html_text(page, cell_text(text, sizeof text, &table->columns[c], rows_at(table, i)));
            html_raw(page, "</td>");
        }
        html_raw(page, "</tr>\n");
    }
    html_table_end(page);
}
