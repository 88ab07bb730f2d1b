/* SPDX-License-Identifier: MIT */
/* A text of names for a message, in a fixed room. */
#ifndef DN_IO_NAME_TEXT_H
#define DN_IO_NAME_TEXT_H

#include <stddef.h>

/* Begins as {0}. What does not fit ends in "...". */
typedef struct dni_name_text {
    char content[600];
    size_t used;
} dni_name_text;

void dni_name_text_add(dni_name_text *text, const char *before, const char *word, const char *after);

#endif
