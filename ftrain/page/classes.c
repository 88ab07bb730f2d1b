/* SPDX-License-Identifier: MIT */
/* Both as tables. The matrix is shaded by the share of the row: how the pictures of a class were
 * distributed. More than 40 classes make no readable one. */
#include "ftrain/page/classes.h"

#include <stdbool.h>
#include <stdlib.h>

enum { MAX_SHADED = 40, MAX_PAIRS = 40 };

void classes_write(html *page, const row_table *table) {
    html_section(page, "classes", "Class by class");
    html_rows(page, table);
    html_raw(page,
             "<p class=\"dim\">95 %% from, to: the recall's 95 %% interval (Wilson). ROC-AUC and average "
             "precision: the class against the rest. A dash stands where a value is not defined.</p>\n");
}

static void write_matrix(html *page, const char *const *classes, int class_count, const int *matrix) {
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
        for (int c = 0; c < class_count; c++) pictures += matrix[truth * class_count + c];
        for (int c = 0; c < class_count; c++) {
            const int count = matrix[truth * class_count + c];
            html_raw(
                page,
                "<td class=\"n\" style=\"background:color-mix(in srgb,var(--s1) %d%%,transparent)\">%d</td>",
                pictures ? 50 * count / pictures : 0, count);
        }
        html_raw(page, "</tr>\n");
    }
    html_raw(page, "</table></div>\n");
}

static void write_pairs(html *page, const char *const *classes, int class_count, const dni_confusion *pairs) {
    if (!pairs->count) {
        html_raw(page, "<p>No picture is taken for another class.</p>\n");
        return;
    }
    html_raw(page, "<p>Of %d classes, those most often confused:</p>\n", class_count);
    html_table_begin(page, (const char *const[]){"truth", "predicted", "pictures"}, 3, 2);
    for (size_t i = 0; i < pairs->count && i < MAX_PAIRS; i++) {
        html_cell(page, classes[pairs->cells[i].truth]);
        html_cell(page, classes[pairs->cells[i].predicted]);
        html_number(page, "%.0f", pairs->cells[i].count);
    }
    html_table_end(page);
}

void confusion_write(html *page, const char *const *classes, int class_count,
                     const dni_confusion *confusion) {
    html_section(page, "confusion", "Confusion");
    dni_confusion pairs = {.count = 0};
    int *matrix = NULL;
    dn_error error;
    const bool is_matrix = class_count <= MAX_SHADED;
    if (is_matrix ? dni_confusion_matrix(&matrix, confusion, class_count, &error)
                  : dni_confusion_pairs(&pairs, confusion, &error))
        html_fail(page, &error);
    else if (is_matrix)
        write_matrix(page, classes, class_count, matrix);
    else
        write_pairs(page, classes, class_count, &pairs);
    dni_confusion_free(&pairs);
    free(matrix);
}
