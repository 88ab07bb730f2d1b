/* SPDX-License-Identifier: MIT */
/* Labels that are probably wrong: the check of the features' labels, told in the data set's terms. */
#include "ftrain/audit/audit.h"
#include "ftrain/shell/new_array.h"
#include "ftrain/shell/outcome.h"

#include <stdlib.h>

static label_row make_row(const audit_data *data, const feature_set *set, const label_verdict *verdict) {
    const size_t i = set->sample_index[verdict->picture];
    return (label_row){.index = i,
                       .split = data->parts[audit_part(data, i)],
                       .path = data->samples.items[i].path,
                       .given = data->classes[verdict->given],
                       .likely = verdict->likely >= 0 ? data->classes[verdict->likely] : NULL,
                       .given_probability = verdict->given_probability,
                       .likely_probability = verdict->likely_probability,
                       .margin = verdict->margin};
}

/* The suspected ones first, both halves in the check's order. */
static void fill_rows(audit_labels *out, const audit_data *data, const feature_set *set) {
    size_t suspected = 0, others = (size_t)out->check.suspected;
    for (int k = 0; k < out->check.count; k++) {
        const label_verdict *const verdict = &out->check.verdicts[k];
        out->rows[verdict->likely >= 0 ? suspected++ : others++] = make_row(data, set, verdict);
    }
}

outcome audit_check_labels(audit_labels *out, const audit_data *data, const feature_set *set,
                           const audit_copies *copies, uint64_t seed) {
    out->is_asked = true;
    int *const groups = new_array((size_t)set->count, sizeof *groups);
    outcome code = groups ? OUTCOME_OK : OUTCOME_MACHINE;
    for (int i = 0; !code && i < set->count; i++) groups[i] = (int)copies->near[set->sample_index[i]];
    if (!code) code = label_check_run(&out->check, set, groups, data->class_count, seed);
    if (!code) {
        out->rows = new_array((size_t)out->check.count, sizeof *out->rows);
        code = out->rows ? OUTCOME_OK : OUTCOME_MACHINE;
    }
    if (!code) fill_rows(out, data, set);
    free(groups);
    return code;
}

/* Confident learning takes the heads' own mistakes for wrong labels where the features are weak. */
const char *audit_labels_doubt(const audit_labels *labels) {
    const label_check *const check = &labels->check;
    if (!check->versus_largest.better)
        return "These features do not tell the classes apart: the list says little.";
    if (check->suspected > DOUBTFUL_SHARE * check->count)
        return "So many are suspected that either very many labels are wrong or these features tell the classes "
               "apart poorly: then most of the listed labels are right.";
    return NULL;
}

void audit_labels_free(audit_labels *labels) {
    label_check_free(&labels->check);
    free(labels->rows);
}
