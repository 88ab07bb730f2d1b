/* SPDX-License-Identifier: MIT */
/* From a coverage to thresholds. */
#include "ftrain/features/class_sets.h"

#include "ftrain/shell/message.h"
#include "ftrain/shell/new_array.h"
#include "io/json.h"

#include <stdlib.h>

static const option_spec rows[] = {
    OPT_DOUBLE("coverage", 0, class_set_options, coverage, 0.001, 0.999, "P",
               "tell sets of classes, too, of which a share P holds the true class"),
    OPT_FLAG("coverage-per-class", 0, class_set_options, per_class,
             "with --coverage: P of the pictures of each class, not of all together"),
};

const option_table class_set_option_table = OPTION_TABLE(rows);

outcome class_set_options_check(const class_set_options *options) {
    if (!options->per_class || options->coverage > 0.0) return OUTCOME_OK;
    message("--coverage-per-class: --coverage P is missing");
    return OUTCOME_USAGE;
}

/* What `ftrain train` wrote of the calibration; a file of another program may say nothing. */
static outcome find_apart(int *out, const dn_classifier_info *info) {
    json_t *metrics = dni_json_of_checked(info->metrics);
    if (!metrics) return report_no_memory();
    const json_t *apart = json_object_get(json_object_get(metrics, "calibration"), "apart");
    *out = json_is_boolean(apart) ? json_is_true(apart) : -1;
    json_decref(metrics);
    return OUTCOME_OK;
}

static void tell_too_few(const class_sets *sets, const dn_classifier_info *info) {
    const int needed = dn_conformal_needed(sets->coverage);
    if (!sets->per_class && sets->calibration < needed)
        message(
            "--coverage %g: every set has all classes: that needs %d calibration pictures, the model has %d",
            sets->coverage, needed, sets->calibration);
    for (int c = 0; sets->per_class && c < info->class_count; c++) {
        const int found = dn_conformal_count(info->conformal, c);
        if (found < needed)
            message(
                "--coverage %g: every set has '%s': that needs %d calibration pictures of it, the model has %d",
                sets->coverage, info->classes[c], needed, found);
    }
}

outcome class_sets_open(class_sets *out, const class_set_options *options, const char *model,
                        const dn_classifier *classifier) {
    *out = (class_sets){.coverage = options->coverage, .per_class = options->per_class};
    if (options->coverage <= 0.0) return OUTCOME_OK;
    const dn_classifier_info *info = dn_classifier_get_info(classifier);
    if (!info->conformal) {
        message("%s: was not calibrated for --coverage; a model that 'ftrain train' writes now is", model);
        return OUTCOME_MODEL;
    }
    out->calibration = dn_conformal_count(info->conformal, -1);
    const outcome code = find_apart(&out->apart, info);
    if (code) return code;
    out->thresholds = new_array((size_t)info->class_count, sizeof *out->thresholds);
    if (!out->thresholds) return OUTCOME_MACHINE;
    dn_error error;
    if (dn_conformal_thresholds(info->conformal, out->coverage, out->per_class, out->thresholds, &error))
        return report(&error, OUTCOME_USAGE);
    tell_too_few(out, info);
    return OUTCOME_OK;
}

void class_sets_close(class_sets *sets) {
    free(sets->thresholds);
}
