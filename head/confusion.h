/* SPDX-License-Identifier: MIT */
/* Which classes are taken for which: the cells of a confusion matrix that are not 0. There are at most as
 * many as pictures, while the matrix of ten thousand classes has a hundred million. */
#ifndef DN_HEAD_CONFUSION_H
#define DN_HEAD_CONFUSION_H

#include "core/status.h"

#include <stddef.h>

/* Of more classes there is no matrix: it would be mostly zeros, and many megabytes of them. */
enum { DNI_CONFUSION_MATRIX_CLASSES = 1000 };

typedef struct dni_confusion_cell {
    int truth, predicted; /* classes */
    int count;            /* pictures, 1 at least */
} dni_confusion_cell;

typedef struct dni_confusion {
    dni_confusion_cell *cells; /* (count), by truth, then by prediction */
    size_t count;
} dni_confusion;

/* All fail only for want of memory. What they make is to be freed. */

/* labels, predictions: (count). */
dn_status dni_confusion_make(dni_confusion *out, const int *labels, const int *predictions, int count,
                             dn_error *error);
/* Of a matrix (classes, classes), row: truth. */
dn_status dni_confusion_of_matrix(dni_confusion *out, const int *matrix, int classes, dn_error *error);
/* The cells of pictures that were taken for another class: those of most pictures first, then by truth and
 * prediction. */
dn_status dni_confusion_pairs(dni_confusion *out, const dni_confusion *from, dn_error *error);
void dni_confusion_free(dni_confusion *confusion); /* also of a cleared one */

/* *out: (classes, classes), row: truth, from malloc. For at most DNI_CONFUSION_MATRIX_CLASSES. */
dn_status dni_confusion_matrix(int **out, const dni_confusion *from, int classes, dn_error *error);

#endif
