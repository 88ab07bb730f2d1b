/* SPDX-License-Identifier: MIT */
/* What somebody meant who mistyped a word: "did you mean 'train'?". */
#ifndef FTRAIN_SHELL_SUGGESTION_H
#define FTRAIN_SHELL_SUGGESTION_H

#include <stddef.h>

/* A search for the word that is most like the typed one. Begins as {.typed = word}. */
typedef struct suggestion {
    const char *typed;
    size_t length;    /* of `typed` that counts; 0: all of it */
    const char *best; /* one of those that were considered; NULL: none is near enough */
    size_t distance;  /* of the best: letters left out, added, changed, or swapped with a neighbour */
} suggestion;

/* Near enough is one such fault in a word of three to five letters, and two in a longer one. The first of
 * equally near words stays. */
void suggestion_consider(suggestion *self, const char *word);

#endif
