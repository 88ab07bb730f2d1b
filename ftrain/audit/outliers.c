/* SPDX-License-Identifier: MIT */
/* The pictures that stand out most in each class, by colour and by the network's features. */
#include "ftrain/audit/audit.h"
#include "ftrain/cues/colour_outliers.h"
#include "ftrain/features/feature_outliers.h"
#include "ftrain/shell/new_array.h"
#include "ftrain/shell/outcome.h"

#include <stdlib.h>
#include <string.h>

/* Keeps the worst, by falling score. */
static void add_outlier(class_outliers *outliers, outlier found) {
    if (!(found.score > DNI_OUTLIER_Z)) return;
    int at = outliers->count < WORST ? outliers->count++ : WORST - 1;
    if (at == WORST - 1 && outliers->count == WORST && outliers->worst[at].score >= found.score) return;
    for (; at > 0 && outliers->worst[at - 1].score < found.score; at--)
        outliers->worst[at] = outliers->worst[at - 1];
    outliers->worst[at] = found;
}

outcome audit_colour_outliers(class_outliers *out, const audit_data *data) {
    const size_t count = data->samples.count;
    double *const scores = new_array(count + 1, sizeof *scores);
    int *const cues = new_array(count + 1, sizeof *cues);
    memset(out, 0, (size_t)data->class_count * sizeof *out);
    outcome code = scores && cues ? OUTCOME_OK : OUTCOME_MACHINE;
    if (!code)
        code =
            colour_outlier_scores(scores, cues, &data->samples, data->class_count, data->matrix, data->facts);
    for (size_t i = 0; !code && i < count; i++)
        add_outlier(&out[data->samples.items[i].label], (outlier){i, scores[i], cues[i]});
    free(scores);
    free(cues);
    return code;
}

outcome audit_feature_outliers(class_outliers *out, const audit_data *data, const feature_set *set) {
    double *const scores = new_array((size_t)set->count + 1, sizeof *scores);
    memset(out, 0, (size_t)data->class_count * sizeof *out);
    outcome code = scores ? OUTCOME_OK : OUTCOME_MACHINE;
    if (!code) code = feature_outlier_scores(scores, set, data->class_count, OUTLIER_MIN_MEMBERS);
    for (int i = 0; !code && i < set->count; i++)
        add_outlier(&out[set->labels[i]], (outlier){set->sample_index[i], scores[i], -1});
    free(scores);
    return code;
}
