/* SPDX-License-Identifier: MIT */
/* A chunk of pictures is read, decoded and made smaller in parallel, then written in order. */
#include "ftrain/audit/pictures.h"

#include "core/error.h"
#include "ftrain/page/thumbnail.h"
#include "ftrain/shell/outcome.h"
#include "io/file.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { CHUNK = 64, FIRST_ROOM = 64 };

typedef struct chunk {
    const audit_data *data;
    const shown_picture *items;
    int side;
    thumbnail made[CHUNK];
    dn_error errors[CHUNK]; /* status DN_OK: made */
} chunk;

void pictures_add(picture_list *list, size_t index, const char *format, ...) {
    if (list->count == list->room) {
        const size_t room = list->room ? 2 * list->room : FIRST_ROOM;
        shown_picture *const items = realloc(list->items, room * sizeof *items);
        if (!items) {
            list->is_broken = true;
            return;
        }
        list->items = items;
        list->room = room;
    }
    shown_picture *const it = &list->items[list->count++];
    it->index = index;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(it->remark, sizeof it->remark, format, arguments);
    va_end(arguments);
}

const char *audit_path_inside(const audit_data *data, size_t i) {
    const char *const path = data->samples.items[i].path, *const inside = dni_path_inside(path, data->folder);
    return inside ? inside : path;
}

static void make_one(void *context, size_t i) {
    chunk *const work = context;
    dn_image image;
    work->made[i] = (thumbnail){.jpeg = NULL};
    work->errors[i].status = DN_OK;
    const char *const path = work->data->samples.items[work->items[i].index].path;
    dn_status status = dn_image_load(&image, path, &work->errors[i]);
    if (!status) status = thumbnail_make(&work->made[i], &image, work->side, &work->errors[i]);
    work->errors[i].status = status;
    dn_image_free(&image);
}

static void put(html *page, const chunk *work, size_t i) {
    if (dni_status_is_machine(work->errors[i].status)) html_fail(page, &work->errors[i]);
    html_raw(page, "<figure>");
    if (!work->errors[i].status) thumbnail_put(page, &work->made[i], "");
    html_raw(page, "<figcaption>");
    if (*work->items[i].remark) {
        html_text(page, work->items[i].remark);
        html_raw(page, "<br>");
    }
    html_text(page, audit_path_inside(work->data, work->items[i].index));
    html_raw(page, "</figcaption></figure>\n");
}

void pictures_write(picture_list *list, html *page, const audit_data *data, dni_pool *pool, int side,
                    const char *class_name) {
    chunk *const work = malloc(sizeof *work);
    dn_error error;
    if ((list->is_broken || !work) && dni_no_memory(&error, "showing %zu pictures", list->count))
        html_fail(page, &error);
    html_raw(page, "<div class=\"pictures%s%s\">\n", *class_name ? " " : "", class_name);
    for (size_t start = 0; work && start < list->count; start += CHUNK) {
        const size_t left = list->count - start, count = left < CHUNK ? left : CHUNK;
        work->data = data;
        work->items = list->items + start;
        work->side = side;
        dni_pool_run(pool, make_one, work, count);
        for (size_t i = 0; i < count; i++) {
            put(page, work, i);
            thumbnail_free(&work->made[i]);
        }
    }
    html_raw(page, "</div>\n");
    free(work);
    free(list->items);
    *list = (picture_list){.count = 0};
}
