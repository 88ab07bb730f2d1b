/* SPDX-License-Identifier: MIT */
/* Many short texts that go together: they lie side by side in blocks, so that each takes no more than its
 * bytes. */
#ifndef DN_CORE_TEXTS_H
#define DN_CORE_TEXTS_H

/* All zero: none. */
typedef struct dni_texts {
    struct dni_text_block *last;
} dni_texts;

/* A copy that lives as long as the texts; NULL when out of memory. */
const char *dni_texts_add(dni_texts *texts, const char *text);
/* Moves all of `from`, which is left empty, to those of `to`; no copy changes its place. */
void dni_texts_move(dni_texts *to, dni_texts *from);
void dni_texts_free(dni_texts *texts);

#endif
