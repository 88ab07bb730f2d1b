/* SPDX-License-Identifier: MIT */
/* Radio buttons before the grid of pictures, and a rule for each that hides what it leaves out: the rules use
 * that both are children of one element. */
#include "ftrain/page/filter.h"

#include <stdio.h>

enum { MAX_CHOICES = 40 };

void filter_begin(html *page) {
    html_raw(page, "<div class=\"filtered\">\n");
}

static void write_button(html *page, const char *id, const char *which, const char *title, const char *name,
                         int count) {
    const int is_all = *which == 'a';
    html_raw(page, "<input type=\"radio\" name=\"%s\" id=\"%s-%s\"%s aria-label=\"", id, id, which,
             is_all ? " checked" : "");
    html_text(page, title);
    html_raw(page, ": ");
    html_text(page, name);
    html_raw(page, ", %d\"><label for=\"%s-%s\">", count, id, which);
    html_text(page, name);
    html_raw(page, " %d</label>\n", count);
}

/* Whether class c is among the MAX_CHOICES with the most pictures; of equals the first is. */
static int is_offered(const int *counts, int class_count, int c) {
    int before = 0;
    if (!counts[c]) return 0; /* as of most where there are very many classes */
    for (int k = 0; k < class_count; k++)
        before += counts[k] > counts[c] || (counts[k] == counts[c] && k < c);
    return before < MAX_CHOICES;
}

void filter_choice(html *page, const char *id, const char *title, const char *const *names, const int *counts,
                   int class_count) {
    int all = 0, present = 0;
    for (int c = 0; c < class_count; c++) {
        all += counts[c];
        present += counts[c] > 0;
    }
    if (present < 2) return;
    html_raw(page, "<p class=\"dim\">");
    html_text(page, title);
    if (present > MAX_CHOICES) html_raw(page, " (of %d classes the %d with the most)", present, MAX_CHOICES);
    html_raw(page, "</p>\n");
    write_button(page, id, "all", title, "all", all);
    for (int c = 0; c < class_count; c++) {
        char which[16];
        if (!is_offered(counts, class_count, c)) continue;
        snprintf(which, sizeof which, "%d", c);
        write_button(page, id, which, title, names[c], counts[c]);
        html_add_style(page, "#%s-%d:checked~.pictures>:not(.%s-%d){display:none}\n", id, c, id, c);
    }
}

void filter_pictures(html *page) {
    html_raw(page, "<div class=\"pictures large\">\n");
}

void filter_end(html *page) {
    html_raw(page, "</div>\n</div>\n");
}
