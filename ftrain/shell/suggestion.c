/* SPDX-License-Identifier: MIT */
/* The distance between words: optimal string alignment, that is Levenshtein's with swaps of neighbours
 * (Damerau 1964), by the usual table, of which three rows are kept. */
#include "ftrain/shell/suggestion.h"

#include <string.h>

enum { LONGEST = 40 }; /* longer words are like none */

static size_t min(size_t a, size_t b) {
    return a < b ? a : b;
}

static size_t distance(const char *a, size_t a_length, const char *b, size_t b_length) {
    size_t rows[3][LONGEST + 1];
    for (size_t j = 0; j <= b_length; j++) rows[0][j] = j;
    for (size_t i = 1; i <= a_length; i++) {
        size_t *const row = rows[i % 3];
        const size_t *const above = rows[(i + 2) % 3], *const before = rows[(i + 1) % 3];
        row[0] = i;
        for (size_t j = 1; j <= b_length; j++) {
            row[j] = min(min(above[j], row[j - 1]) + 1, above[j - 1] + (a[i - 1] != b[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = min(row[j], before[j - 2] + 1);
        }
    }
    return rows[a_length % 3][b_length];
}

void suggestion_consider(suggestion *self, const char *word) {
    const size_t length = self->length ? self->length : strlen(self->typed), other = strlen(word);
    if (length < 3 || length > LONGEST || other > LONGEST) return;
    const size_t found = distance(self->typed, length, word, other);
    if (found > (length < 6 ? 1 : 2) || (self->best && found >= self->distance)) return;
    self->best = word;
    self->distance = found;
}
