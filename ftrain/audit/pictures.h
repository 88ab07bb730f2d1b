/* SPDX-License-Identifier: MIT */
/* Pictures of the data set on the audit's page. */
#ifndef FTRAIN_AUDIT_PICTURES_H
#define FTRAIN_AUDIT_PICTURES_H

#include "ftrain/audit/audit.h"
#include "ftrain/page/html.h"

enum { AUDIT_SIDE = 104 }; /* of a thumbnail, pixels, but on sheets of many */

/* Pictures to be shown side by side, gathered one after the other. */
typedef struct shown_picture {
    size_t index;     /* among the samples */
    char remark[160]; /* above its path; cut where it is longer */
} shown_picture;

typedef struct picture_list {
    shown_picture *items;
    size_t count, room;
    bool is_broken; /* memory ran out: the page fails when the list is written */
} picture_list;

void pictures_add(picture_list *list, size_t index, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Writes them, each at most `side` pixels long and wide, with its path inside the data set below, and empties
 * the list. One that cannot be read any more is named only; where the machine fails the page does. They are
 * read and made smaller on the pool. `class_name`: of the element around them, beside "pictures"; or "". */
void pictures_write(picture_list *list, html *page, const audit_data *data, dni_pool *pool, int side,
                    const char *class_name);

/* A sample's path inside the data set. */
const char *audit_path_inside(const audit_data *data, size_t i);

#endif
