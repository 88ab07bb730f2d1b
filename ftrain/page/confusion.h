/* Section "confusion": which class was taken for which. */
#ifndef FTRAIN_PAGE_CONFUSION_H
#define FTRAIN_PAGE_CONFUSION_H

#include "ftrain/page/html.h"

/* confusion: (class_count, class_count), row: truth. Cells are shaded by their share of the row. More than 40
 * classes make no readable matrix; it is then left out, and the section says so. */
void confusion_write(html *page, const char *const *classes, int class_count, const int *confusion);

#endif
