/* SPDX-License-Identifier: MIT */
/* Whether the best row is better than what needs no look at the subject: guesses, and cues. */
#include "ftrain/baseline/sentences.h"

#include "ftrain/baseline/pairs.h"

#include <stdio.h>

const baseline_row *sentences_subject(const baseline_run *run) {
    const int at = pairs_reference(run->rows, run->row_count);
    return at >= 0 && run->rows[at].is_right ? &run->rows[at] : NULL;
}

guessing_sentence sentences_guessing(const baseline_run *run, const baseline_row *subject) {
    const dni_versus_largest *versus = &subject->versus_largest;
    return guessing_sentence_make(versus, run->extraction.data.classes[versus->largest], subject->correct,
                                  subject->count);
}

void sentences_cues(char *text, size_t size, const baseline_run *run, const baseline_row *subject) {
    const baseline_row *best = NULL;
    *text = '\0';
    for (int i = 0; i < run->row_count; i++)
        if (run->rows[i].is_of_cues && (!best || run->rows[i].accuracy > best->accuracy))
            best = &run->rows[i];
    if (!best) return;
    if (subject->is_of_cues) {
        snprintf(text, size, "It learns from cues alone, without a look at the subject");
        return;
    }
    const row_pair *pair = &best->pair;
    const bool differs = pair->p_value < DNI_SIGNIFICANCE_LEVEL;
    char p[32];
    guessing_p_value(p, sizeof p, pair->p_value);
    snprintf(
        text, size,
        "It is %s '%s', the best that looks at cues alone: of %d pictures, %d are right by it alone and %d "
        "by the cues alone; %s",
        !differs                                 ? "not told from"
        : pair->only_reference > pair->only_this ? "better than"
                                                 : "worse than",
        best->name, pair->pictures, pair->only_reference, pair->only_this, p);
}
