/* SPDX-License-Identifier: MIT */
/* Labels and predictions, sorted, lie cell by cell. */
#include "head/confusion.h"

#include "core/error.h"

#include <stdlib.h>

static int by_place(const void *a, const void *b) {
    const dni_confusion_cell *x = a, *y = b;
    if (x->truth != y->truth) return x->truth < y->truth ? -1 : 1;
    return (x->predicted > y->predicted) - (x->predicted < y->predicted);
}

static int by_count(const void *a, const void *b) {
    const dni_confusion_cell *x = a, *y = b;
    if (x->count != y->count) return x->count > y->count ? -1 : 1;
    return by_place(a, b);
}

/* Room for so many cells. */
static dn_status make_room(dni_confusion *out, size_t cells, dn_error *error) {
    *out = (dni_confusion){.cells = calloc(cells + !cells, sizeof *out->cells)};
    return out->cells ? DN_OK : dni_no_memory(error, "a confusion of %zu cells", cells);
}

dn_status dni_confusion_make(dni_confusion *out, const int *labels, const int *predictions, int count,
                             dn_error *error) {
    const dn_status status = make_room(out, (size_t)count, error);
    if (status) return status;
    for (int i = 0; i < count; i++) out->cells[i] = (dni_confusion_cell){labels[i], predictions[i], 1};
    qsort(out->cells, (size_t)count, sizeof *out->cells, by_place);
    for (int i = 0; i < count; i++) {
        const dni_confusion_cell cell = out->cells[i];
        if (out->count && by_place(&out->cells[out->count - 1], &cell) == 0)
            out->cells[out->count - 1].count++;
        else
            out->cells[out->count++] = cell;
    }
    return DN_OK;
}

dn_status dni_confusion_of_matrix(dni_confusion *out, const int *matrix, int classes, dn_error *error) {
    const dn_status status = make_room(out, (size_t)classes * (size_t)classes, error);
    for (int truth = 0; !status && truth < classes; truth++)
        for (int c = 0; c < classes; c++, matrix++)
            if (*matrix) out->cells[out->count++] = (dni_confusion_cell){truth, c, *matrix};
    return status;
}

dn_status dni_confusion_pairs(dni_confusion *out, const dni_confusion *from, dn_error *error) {
    const dn_status status = make_room(out, from->count, error);
    if (status) return status;
    for (size_t i = 0; i < from->count; i++)
        if (from->cells[i].truth != from->cells[i].predicted) out->cells[out->count++] = from->cells[i];
    qsort(out->cells, out->count, sizeof *out->cells, by_count);
    return DN_OK;
}

void dni_confusion_free(dni_confusion *confusion) {
    free(confusion->cells);
    *confusion = (dni_confusion){.count = 0};
}

dn_status dni_confusion_matrix(int **out, const dni_confusion *from, int classes, dn_error *error) {
    const size_t width = (size_t)classes;
    *out = calloc(width * width, sizeof **out);
    if (!*out) return dni_no_memory(error, "a confusion matrix of %d classes", classes);
    for (size_t i = 0; i < from->count; i++) {
        const dni_confusion_cell *cell = &from->cells[i];
        (*out)[(size_t)cell->truth * width + (size_t)cell->predicted] = cell->count;
    }
    return DN_OK;
}
