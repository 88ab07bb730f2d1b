/* SPDX-License-Identifier: MIT */
/* An accuracy beside always guessing the largest class, as it is told: one sentence, one object of JSON. */
#ifndef FTRAIN_SHELL_GUESSING_H
#define FTRAIN_SHELL_GUESSING_H

#include "head/significance.h"

#include <jansson.h>
#include <stddef.h>

/* The sentence, in three parts, since a class's name is escaped in one way on a terminal and in another
 * on a page. It begins in lower case and has no full stop. */
typedef struct guessing_sentence {
    char before[160];
    const char *name; /* of the largest class, between the two; NULL: it does not occur */
    char after[120];
} guessing_sentence;

/* `correct` of `count` pictures were classified correctly; `name` is that of the largest class. */
guessing_sentence guessing_sentence_make(const dni_versus_largest *versus, const char *name, int correct,
                                         int count);
/* "p = 0.015": two digits are enough of a p-value, and below 0.0001 none matters. */
void guessing_p_value(char *text, size_t size, double p);
/* Prints it on standard output, and ends the line. */
void guessing_print(const guessing_sentence *sentence);

/* {"share": ..., "p_value": ..., "better": ...}; NULL without memory. */
json_t *guessing_json(const dni_versus_largest *versus);

#endif
