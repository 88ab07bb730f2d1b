/* SPDX-License-Identifier: MIT */
/* Unlike intervals side by side, a comparison in pairs leaves out what is equally hard for both rows. */
#include "ftrain/baseline/pairs.h"

#include "ftrain/shell/new_array.h"
#include "head/significance.h"

#include <math.h>
#include <stdlib.h>

/* Of a picture of test. */
typedef enum verdict { NOT_JUDGED, WRONG, RIGHT } verdict;

int pairs_reference(const baseline_row *rows, int count) {
    int best = -1;
    for (int i = 0; i < count; i++) {
        const baseline_row *row = &rows[i];
        if (row->is_model) return i;
        if (!row->is_right) continue;
        if (best < 0 || row->count > rows[best].count ||
            (row->count == rows[best].count && row->accuracy > rows[best].accuracy))
            best = i;
    }
    return best;
}

static row_pair compare(const baseline_row *row, const verdict *reference) {
    row_pair pair = {.pictures = 0};
    for (int i = 0; i < row->count; i++) {
        const verdict of = reference[row->samples[i]];
        pair.pictures += of != NOT_JUDGED;
        pair.only_this += of == WRONG && row->is_right[i];
        pair.only_reference += of == RIGHT && !row->is_right[i];
    }
    pair.p_value = dni_mcnemar(pair.only_this, pair.only_reference);
    return pair;
}

outcome pairs_compare(baseline_row *rows, int count, size_t pictures) {
    const int at = pairs_reference(rows, count);
    for (int i = 0; i < count; i++) rows[i].pair = (row_pair){.reference = NULL, .p_value = (double)NAN};
    if (at < 0) return OUTCOME_OK;
    verdict *reference = new_array(pictures, sizeof *reference);
    if (!reference) return OUTCOME_MACHINE;
    for (int i = 0; i < rows[at].count; i++)
        reference[rows[at].samples[i]] = rows[at].is_right[i] ? RIGHT : WRONG;
    for (int i = 0; i < count; i++) {
        if (i == at || !rows[i].is_right) continue;
        rows[i].pair = compare(&rows[i], reference);
        rows[i].pair.reference = rows[at].name;
    }
    free(reference);
    return OUTCOME_OK;
}
