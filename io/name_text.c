/* SPDX-License-Identifier: MIT */
/* Appending to a text that is cut where its room ends. */
#include "io/name_text.h"

#include <stdio.h>
#include <string.h>

void dni_name_text_add(dni_name_text *text, const char *before, const char *word, const char *after) {
    const size_t room = sizeof text->content - text->used;
    const int length = snprintf(text->content + text->used, room, "%s%s%s", before, word, after);
    if (length < 0) return;
    if ((size_t)length < room) {
        text->used += (size_t)length;
    } else {
        memcpy(text->content + sizeof text->content - 4, "...", 4);
        text->used = sizeof text->content - 1;
    }
}
