/* SPDX-License-Identifier: MIT */
/* A pass over the vectors, each block of which is scored. */
#include "ftrain/features/set_scores.h"

#include "head/feature_rows.h"

dn_status set_log_probabilities(const dn_head *head, const feature_set *set, float *out, dn_error *error) {
    const dn_feature_rows rows = feature_set_rows(set);
    const size_t classes = (size_t)dn_head_classes(head);
    dni_feature_pass pass;
    dn_status status = dni_feature_pass_begin(&pass, &rows, 1, set->width, error);
    while (!status && !(status = dni_feature_pass_next(&pass, error)) && pass.count)
        status = dn_head_log_probabilities(head, pass.values, pass.count, out + (size_t)pass.first * classes,
                                           error);
    dni_feature_pass_end(&pass);
    return status;
}

dn_status set_unfamiliarity(const dn_novelty *novelty, const feature_set *set, float *scores,
                            double *percentiles, dn_error *error) {
    const dn_feature_rows rows = feature_set_rows(set);
    dni_feature_pass pass;
    dn_status status = dni_feature_pass_begin(&pass, &rows, 1, set->width, error);
    while (!status && !(status = dni_feature_pass_next(&pass, error)) && pass.count)
        status = dn_novelty_score(novelty, pass.values, pass.count, scores ? scores + pass.first : NULL,
                                  percentiles ? percentiles + pass.first : NULL, error);
    dni_feature_pass_end(&pass);
    return status;
}
