/* SPDX-License-Identifier: MIT */
/* Names by sorting: files that want the same name lie side by side, in their order. */
#include "ftrain/shell/unique_names.h"

#include "ftrain/shell/new_array.h"
#include "ftrain/shell/outcome.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int by_folder_and_name(const unique_name *x, const unique_name *y) {
    if (x->folder != y->folder) return x->folder < y->folder ? -1 : 1;
    return strcmp(x->wanted, y->wanted);
}

static int by_place(const void *a, const void *b) {
    const unique_name *const x = *(const unique_name *const *)a, *const y = *(const unique_name *const *)b;
    const int order = by_folder_and_name(x, y);
    return order ? order : (x > y) - (x < y);
}

static int by_key(const void *key, const void *element) {
    return by_folder_and_name(key, *(const unique_name *const *)element);
}

/* "name-2.jpg" for "name.jpg"; a number that gives no name that another wants. */
static char *numbered_name(unique_name *const *sorted, size_t count, const unique_name *one,
                           unsigned *number) {
    const char *dot = strrchr(one->wanted, '.');
    const size_t length = strlen(one->wanted), room = length + 16,
                 stem = dot && dot != one->wanted ? (size_t)(dot - one->wanted) : length;
    char *name = malloc(room);
    if (!name) return NULL;
    const unique_name key = {.folder = one->folder, .wanted = name};
    do {
        snprintf(name, room, "%.*s-%u%s", (int)stem, one->wanted, ++*number, one->wanted + stem);
    } while (bsearch(&key, sorted, count, sizeof *sorted, by_key));
    return name;
}

bool unique_names_give(unique_name *names, size_t count) {
    unique_name **sorted = new_array(count, sizeof *sorted);
    if (!sorted) return false;
    for (size_t i = 0; i < count; i++) sorted[i] = &names[i];
    qsort(sorted, count, sizeof *sorted, by_place);
    bool fine = true;
    unsigned number = 1;
    for (size_t i = 0; fine && i < count; i++) {
        if (i == 0 || by_folder_and_name(sorted[i], sorted[i - 1]) != 0) {
            number = 1;
            sorted[i]->given = strdup(sorted[i]->wanted);
        } else {
            sorted[i]->given = numbered_name(sorted, count, sorted[i], &number);
        }
        fine = sorted[i]->given != NULL;
    }
    free(sorted);
    if (!fine) (void)report_no_memory();
    return fine;
}
