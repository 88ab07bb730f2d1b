/* SPDX-License-Identifier: MIT */
/* Class by class, cue by cue. */
#include "ftrain/cues/colour_outliers.h"

#include "ftrain/shell/new_array.h"
#include "head/modified_z.h"

#include <math.h>
#include <stdlib.h>

static const int colour_cues[] = {CUE_MEAN_RED,        CUE_MEAN_GREEN,     CUE_MEAN_BLUE, CUE_DEVIATION_RED,
                                  CUE_DEVIATION_GREEN, CUE_DEVIATION_BLUE, CUE_SATURATION};
enum { COLOUR_CUES = sizeof colour_cues / sizeof *colour_cues };

typedef struct colour_work {
    size_t *members; /* of a class */
    double *values, *scratch;
} colour_work;

static void score_class(double *scores, int *cues, const double *matrix, const colour_work *work,
                        size_t count) {
    if (count < OUTLIER_MIN_MEMBERS) return;
    for (int k = 0; k < COLOUR_CUES; k++) {
        for (size_t i = 0; i < count; i++)
            work->values[i] = matrix[work->members[i] * CUE_COUNT + (size_t)colour_cues[k]];
        dni_modified_z(work->values, work->scratch, count);
        for (size_t i = 0; i < count; i++)
            if (fabs(work->values[i]) > scores[work->members[i]]) {
                scores[work->members[i]] = fabs(work->values[i]);
                cues[work->members[i]] = colour_cues[k];
            }
    }
}

outcome colour_outlier_scores(double *scores, int *cues, const dni_samples *samples, int class_count,
                              const double *matrix, const picture_facts *facts) {
    const size_t count = samples->count;
    const colour_work work = {.members = new_array(count + 1, sizeof *work.members),
                              .values = new_array(count + 1, sizeof *work.values),
                              .scratch = new_array(count + 1, sizeof *work.scratch)};
    const bool is_ready = work.members && work.values && work.scratch;
    for (size_t i = 0; i < count; i++) {
        scores[i] = 0;
        cues[i] = 0;
    }
    for (int c = 0; is_ready && c < class_count; c++) {
        size_t members = 0;
        for (size_t i = 0; i < count; i++)
            if (samples->items[i].label == c && facts[i].is_usable) work.members[members++] = i;
        score_class(scores, cues, matrix, &work, members);
    }
    free(work.members);
    free(work.values);
    free(work.scratch);
    return is_ready ? OUTCOME_OK : OUTCOME_MACHINE;
}
