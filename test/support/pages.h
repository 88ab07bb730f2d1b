/* SPDX-License-Identifier: MIT */
/* For tests of pages: a place for one, reading it back, whether its tags are balanced. */
#ifndef TEST_SUPPORT_PAGES_H
#define TEST_SUPPORT_PAGES_H

#include "ftrain/page/html.h"

/* A path in a fresh folder, from malloc. */
char *page_path(void);
/* Removes the file, if it is there, and its folder, which must then be empty; frees the path. */
void page_remove(char *path);
/* Closes the page, removes its file as above, and returns its text, from malloc. */
char *page_close_and_read(html *page, char *path);

int page_count(const char *text, const char *what); /* how often `what` occurs */
/* Fails unless every tag that was opened is closed, in order; elements without content are left out. */
void assert_tags_are_balanced(const char *text);

#endif
