/* SPDX-License-Identifier: MIT */
/* Scans, and what they left out. */
#include "ftrain/shell/data.h"

outcome samples_tell_left_out(const dni_samples *samples, bool strict, size_t *skipped) {
    outcome code = OUTCOME_OK;
    for (size_t i = 0; !code && i < samples->left_out_count; i++)
        code = skip_input(&samples->left_out[i], strict, skipped);
    return code;
}

outcome dataset_scan(dni_dataset *out, const char *folder, bool strict, size_t *skipped) {
    dn_error error;
    if (dni_dataset_scan(out, folder, &error)) return report(&error, OUTCOME_DATA);
    outcome code = OUTCOME_OK;
    for (int s = 0; !code && s < DNI_SPLITS; s++)
        code = samples_tell_left_out(&out->splits[s], strict, skipped);
    if (code) dni_dataset_free(out);
    return code;
}

outcome samples_scan(dni_samples *out, const char *folder, const char *const *classes, int class_count,
                     bool strict, size_t *skipped) {
    dn_error error;
    if (dni_samples_scan(out, folder, classes, class_count, &error)) return report(&error, OUTCOME_DATA);
    const outcome code = samples_tell_left_out(out, strict, skipped);
    if (code) dni_samples_free(out);
    return code;
}
