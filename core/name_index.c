/* SPDX-License-Identifier: MIT */
/* The names are sorted, and halved in search. */
#include "core/name_index.h"

#include "core/error.h"

#include <stdlib.h>
#include <string.h>

struct dni_name_place {
    const char *name;
    int at;
};

static int by_name(const void *a, const void *b) {
    const struct dni_name_place *x = a, *y = b;
    const int order = strcmp(x->name, y->name);
    return order ? order : (x->at > y->at) - (x->at < y->at);
}

dn_status dni_name_index_make(dni_name_index *out, const char *const *names, int count, const char *source,
                              dn_error *error) {
    *out = (dni_name_index){.places = malloc(((size_t)count + 1) * sizeof *out->places), .count = count};
    if (!out->places) return dni_no_memory(error, "%s: an index of %d names", source, count);
    for (int i = 0; i < count; i++) out->places[i] = (struct dni_name_place){names[i], i};
    qsort(out->places, (size_t)count, sizeof *out->places, by_name);
    return DN_OK;
}

int dni_name_index_find(const dni_name_index *index, const char *name) {
    int low = 0, high = index->count;
    while (low < high) {
        const int middle = low + (high - low) / 2;
        if (strcmp(index->places[middle].name, name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low < index->count && strcmp(index->places[low].name, name) == 0 ? index->places[low].at : -1;
}

void dni_name_index_free(dni_name_index *index) {
    free(index->places);
    *index = (dni_name_index){.count = 0};
}
