/* SPDX-License-Identifier: MIT */
/* Both as tables. The matrix is shaded by the share of the row: how the pictures of a class were
 * distributed. */
#include "ftrain/page/classes.h"

enum { MAX_SHADED = 40 };

void classes_write(html *page, const row_table *table) {
    html_section(page, "classes", "Class by class");
    html_rows(page, table);
    html_raw(page,
             "<p class=\"dim\">95 %% from, to: the recall's 95 %% interval (Wilson). ROC-AUC and average "
             "precision: the class against the rest. A dash stands where a value is not defined.</p>\n");
}

void confusion_write(html *page, const char *const *classes, int class_count, const int *confusion) {
    html_section(page, "confusion", "Confusion");
    if (class_count > MAX_SHADED) {
        html_raw(page, "<p>Left out: %d classes.</p>\n", class_count);
        return;
    }
    html_raw(page, "<div class=\"scroll\" tabindex=\"0\"><table><tr><th>truth, below; predicted, right</th>");
    for (int c = 0; c < class_count; c++) {
        html_raw(page, "<th class=\"n\">");
        html_text(page, classes[c]);
        html_raw(page, "</th>");
    }
    html_raw(page, "</tr>\n");
    for (int truth = 0; truth < class_count; truth++) {
        html_raw(page, "<tr><td>");
        html_text(page, classes[truth]);
        html_raw(page, "</td>");
        int pictures = 0;
        for (int c = 0; c < class_count; c++) pictures += confusion[truth * class_count + c];
        for (int c = 0; c < class_count; c++) {
            const int count = confusion[truth * class_count + c];
            html_raw(
                page,
                "<td class=\"n\" style=\"background:color-mix(in srgb,var(--s1) %d%%,transparent)\">%d</td>",
                pictures ? 50 * count / pictures : 0, count);
        }
        html_raw(page, "</tr>\n");
    }
    html_raw(page, "</table></div>\n");
}
