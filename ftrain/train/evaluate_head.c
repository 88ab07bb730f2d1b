/* SPDX-License-Identifier: MIT */
/* Log-probabilities, and the metrics that follow from them. */
#include "ftrain/train/evaluate_head.h"

#include "ftrain/features/set_scores.h"
#include "ftrain/shell/new_array.h"

#include <stdlib.h>

outcome evaluate_head(dn_metrics *out, const dn_head *head, const feature_set *set, int classes) {
    float *log_probabilities = new_matrix((size_t)set->count, (size_t)classes, sizeof *log_probabilities);
    if (!log_probabilities) return OUTCOME_MACHINE;
    dn_error error;
    const dn_status status = set_log_probabilities(head, set, log_probabilities, &error);
    if (!status) dn_metrics_compute(out, log_probabilities, set->labels, set->count, classes, NULL);
    free(log_probabilities);
    return status ? report(&error, OUTCOME_DATA) : OUTCOME_OK;
}
