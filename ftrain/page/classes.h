/* SPDX-License-Identifier: MIT */
/* Sections "classes" and "confusion": how good a model is class by class, and which it takes for which. */
#ifndef FTRAIN_PAGE_CLASSES_H
#define FTRAIN_PAGE_CLASSES_H

#include "ftrain/page/html.h"
#include "head/confusion.h"

/* A row for each class: recalls with their intervals, ROC-AUC, average precision. */
void classes_write(html *page, const row_table *table);

/* The matrix; of more than 40 classes those most often confused. */
void confusion_write(html *page, const char *const *classes, int class_count, const dni_confusion *confusion);

#endif
