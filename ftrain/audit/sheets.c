/* SPDX-License-Identifier: MIT */
/* Contact sheets on the audit's page. */
#include "ftrain/audit/sheets.h"

#include "ftrain/audit/pictures.h"
#include "ftrain/shell/new_array.h"

#include <stdlib.h>

/* On sheets of many pictures these are smaller, which keeps the page of 10,000 near 20 MB. */
enum { SMALL_SIDE = 64, MANY = 2000 };

/* Pictures on all contact sheets together, unless --sheet says how many of a class: more make a page that no
 * browser likes. Of more classes than that each still has one. */
enum { MOST_ON_SHEETS = 20000 };

size_t audit_sheet_limit(size_t usable, size_t classes, int asked) {
    if (asked) return (size_t)asked;
    if (usable <= MOST_ON_SHEETS) return usable;
    return classes < MOST_ON_SHEETS ? MOST_ON_SHEETS / classes : 1;
}

/* The usable pictures of all classes, class by class, in their order. */
typedef struct sheets {
    size_t *pictures;
    size_t *ends; /* (classes): behind each class's last one */
    size_t limit; /* pictures of a class */
} sheets;

static outcome sort_pictures(sheets *out, const audit_data *data) {
    const size_t classes = (size_t)data->class_count;
    *out = (sheets){.pictures = new_array(data->samples.count, sizeof *out->pictures),
                    .ends = new_array(classes, sizeof *out->ends)};
    if (!out->pictures || !out->ends) return OUTCOME_MACHINE;
    for (size_t c = 1; c < classes; c++) out->ends[c] = out->ends[c - 1] + data->usable[c - 1];
    for (size_t i = 0; i < data->samples.count; i++)
        if (data->facts[i].is_usable) out->pictures[out->ends[data->samples.items[i].label]++] = i;
    return OUTCOME_OK;
}

/* All pictures of a class, or as many as may be at most, evenly spread. */
static void write_sheet(html *page, const audit_data *data, const sheets *from, int label, int side,
                        dni_pool *pool) {
    const size_t usable = data->usable[label];
    const size_t shown = usable < from->limit ? usable : from->limit;
    const size_t *const pictures = from->pictures + (from->ends[label] - usable);
    html_heading(page, data->classes[label]);
    html_raw(page, "<p>%zu pictures%s", usable, shown < usable ? "" : ".</p>\n");
    if (shown < usable)
        html_raw(page, ", %zu of them here, evenly spread; --sheet N shows N of a class.</p>\n", shown);
    picture_list list = {.count = 0};
    for (size_t i = 0; i < usable; i++)
        if (i * shown / usable >= list.count) pictures_add(&list, pictures[i], "%s", "");
    pictures_write(&list, page, data, pool, side, "sheet");
}

outcome audit_write_sheets(html *page, const audit *findings, dni_pool *pool) {
    const audit_data *const data = &findings->data;
    const size_t classes = (size_t)data->class_count;
    sheets all;
    const outcome code = sort_pictures(&all, data);
    html_section(page, "sheets", "Contact sheets");
    if (!code) {
        all.limit = audit_sheet_limit(all.ends[classes - 1], classes, findings->sheet);
        size_t shown = 0;
        for (size_t c = 0; c < classes; c++)
            shown += data->usable[c] < all.limit ? data->usable[c] : all.limit;
        for (int c = 0; c < data->class_count; c++)
            write_sheet(page, data, &all, c, shown > MANY ? SMALL_SIDE : AUDIT_SIDE, pool);
    }
    free(all.pictures);
    free(all.ends);
    return code;
}
