/* SPDX-License-Identifier: MIT */
/* Sections "classes" and "confusion": how good a model is class by class, and which it takes for which. */
#ifndef FTRAIN_PAGE_CLASSES_H
#define FTRAIN_PAGE_CLASSES_H

#include "ftrain/page/html.h"

/* A row for each class: recalls with their intervals, ROC-AUC, average precision. */
void classes_write(html *page, const row_table *table);

/* confusion: (class_count, class_count), row: truth. Cells are shaded by their share of the row. More than 40
 * classes make no readable matrix; it is then left out, and the section says so. */
void confusion_write(html *page, const char *const *classes, int class_count, const int *confusion);

#endif
