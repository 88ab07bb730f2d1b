/* SPDX-License-Identifier: MIT */
/* A choice of class above pictures, which hides those of the others. It is style alone, no script: the page
 * shows all of them where style is not heeded.
 *
 *     filter_begin(page);
 *     filter_choice(page, "truth", "In truth", names, counts, class_count);
 *     filter_pictures(page);
 *         <figure class="truth-2">...</figure>       of class 2
 *     filter_end(page);
 */
#ifndef FTRAIN_PAGE_FILTER_H
#define FTRAIN_PAGE_FILTER_H

#include "ftrain/page/html.h"

void filter_begin(html *page);
/* Radio buttons: all, and each class that has pictures; of more than 40 the 40 with the most. A figure of
 * class c has the class "ID-c". `id` is a word. With fewer than two classes there is nothing to choose, and
 * nothing is written. Several choices narrow each other. */
void filter_choice(html *page, const char *id, const char *title, const char *const *names, const int *counts,
                   int class_count);
void filter_pictures(html *page);
void filter_end(html *page);

#endif
