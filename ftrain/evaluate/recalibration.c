/* SPDX-License-Identifier: MIT */
/* The fits, and the evaluated pictures under them. */
#include "ftrain/evaluate/recalibration.h"

#include "ftrain/shell/new_array.h"
#include <math.h>
#include <stdlib.h>

static outcome apply_temperature(recalibration *out, const scores *evaluated, int classes) {
    float *scaled = new_matrix((size_t)evaluated->count, (size_t)classes, sizeof *scaled);
    if (!scaled) return OUTCOME_MACHINE;
    dn_temperature_apply(evaluated->log_probabilities, evaluated->count, classes, out->temperature, scaled);
    dn_metrics_compute(&out->metrics, scaled, evaluated->labels, evaluated->count, classes, NULL);
    dn_reliability_compute(&out->reliability, scaled, evaluated->labels, evaluated->count, classes);
    free(scaled);
    return OUTCOME_OK;
}

outcome recalibration_run(recalibration *out, const char *split, const scores *fit, const scores *evaluated,
                          int classes) {
    *out = (recalibration){.split = split, .count = fit->count};
    out->threshold = (dn_threshold){(double)NAN, (double)NAN, (double)NAN};
    out->temperature = dn_temperature_fit(fit->log_probabilities, fit->labels, fit->count, classes);
    outcome code = apply_temperature(out, evaluated, classes);
    if (code || classes != 2) return code;
    dn_error error;
    if (dn_threshold_fit(&out->threshold, fit->log_probabilities, fit->labels, fit->count, &error))
        return report(&error, OUTCOME_MACHINE);
    if (isnan(out->threshold.log_odds)) return OUTCOME_OK;
    return score_metrics_at_threshold(&out->at_threshold, evaluated, &out->threshold);
}
