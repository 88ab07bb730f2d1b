/* SPDX-License-Identifier: MIT */
/* The order of an evaluation: model, samples, scores, metrics, calibration. */
#include "ftrain/evaluate/evaluation.h"

#include "core/error.h"
#include "ftrain/shell/data.h"
#include "ftrain/shell/message.h"
#include "ftrain/shell/new_array.h"
#include "ftrain/shell/options.h"
#include "ftrain/shell/outcome.h"
#include "ftrain/shell/unfamiliar.h"
#include "head/classifier/classifier.h"
#include "head/metrics.h"
#include "head/prediction.h"
#include "io/entry.h"
#include "io/file.h"
#include "io/split.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const dni_view plain = {.kind = DNI_VIEW_PLAIN};

/* ---- samples ---- */

/* An option that names a folder which is not there is wrong; a data set that is not there is the data's. */
static outcome refuse_split(const char *option, const char *data, const dn_error *error) {
    dni_entry entry;
    if (error->status != DN_ERR_NOT_FOUND || dni_entry_find(&entry, data, NULL))
        return report(error, OUTCOME_DATA);
    message("%s: %s", option, error->message);
    return OUTCOME_USAGE;
}

/* Whether a data set without a test split has another, which is no class of the model. */
static outcome has_other_splits(bool *out, const evaluation *result, const char *data) {
    *out = false;
    for (int s = 0; !*out && s < DNI_TEST; s++) {
        char *folder;
        dn_error error;
        const dn_status status = dni_split_find(&folder, data, dni_split_name((dni_split)s), &error);
        if (status && status != DN_ERR_NOT_FOUND) return report(&error, OUTCOME_DATA);
        *out = !status;
        for (int c = 0; *out && c < result->info->class_count; c++)
            if (strcmp(result->info->classes[c], dni_path_name(folder)) == 0) *out = false;
        free(folder);
    }
    return OUTCOME_OK;
}

/* DATA/SPLIT where DATA has splits; DATA itself where it holds class folders and no split was asked for. */
static outcome find_samples(evaluation *result, const evaluation_options *options, const char *data) {
    const char *split = options->split ? options->split : dni_split_name(DNI_TEST);
    char *folder;
    dn_error error;
    const dn_status status = dni_split_find(&folder, data, split, &error);
    if (status && options->split) return refuse_split("--split", data, &error);
    if (status && status != DN_ERR_NOT_FOUND) return report(&error, OUTCOME_DATA);
    bool is_incomplete = false;
    outcome code = status ? has_other_splits(&is_incomplete, result, data) : OUTCOME_OK;
    if (!code && is_incomplete) code = report(&error, OUTCOME_DATA);
    if (code) return code;
    result->split = folder ? split : NULL;
    code = samples_scan(&result->samples, folder ? folder : data, result->info->classes,
                        result->info->class_count, options->scorer.features.strict, &result->skipped);
    free(folder);
    return code;
}

/* Samples to calibrate on, if any: asked for, they must be there; not asked for, they may be missing or
 * unfit. */
static outcome find_calibration(evaluation *result, const evaluation_options *options, const char *data,
                                const char **split, dni_samples *out) {
    const char *asked = options->calibrate_on, *valid = dni_split_name(DNI_VALID);
    *split = NULL;
    if (asked ? strcmp(asked, "none") == 0 : !result->split || strcmp(result->split, valid) == 0)
        return OUTCOME_OK;
    const char *name = asked ? asked : valid;
    char *folder;
    dn_error error;
    dn_status status = dni_split_find(&folder, data, name, &error);
    if (status && asked) return refuse_split("--calibrate-on", data, &error);
    if (status) return status == DN_ERR_NOT_FOUND ? OUTCOME_OK : report(&error, OUTCOME_DATA);
    status = dni_samples_scan(out, folder, result->info->classes, result->info->class_count, &error);
    free(folder);
    if (status && (asked || dni_status_is_machine(status))) return report(&error, OUTCOME_DATA);
    if (status) {
        message("not calibrated: %s", error.message);
        return OUTCOME_OK;
    }
    *split = name;
    return samples_tell_left_out(out, options->scorer.features.strict, &result->skipped);
}

/* ---- metrics ---- */

int evaluation_predicted(const evaluation *result, int i) {
    const int classes = result->info->class_count;
    return dni_most_probable(result->scores.log_probabilities + (size_t)i * (size_t)classes, classes);
}

static outcome measure(evaluation *result) {
    const scores *s = &result->scores;
    const int classes = result->info->class_count;
    outcome code = score_metrics_compute(&result->metrics, s, classes);
    if (code) return code;
    result->roc_aucs = new_array((size_t)classes, sizeof *result->roc_aucs);
    result->average_precisions = new_array((size_t)classes, sizeof *result->average_precisions);
    if (!result->roc_aucs || !result->average_precisions) return OUTCOME_MACHINE;
    dn_error error;
    if (dn_ranking_all(result->roc_aucs, result->average_precisions, s->log_probabilities, s->labels,
                       s->count, classes, &error))
        return report(&error, OUTCOME_MACHINE);
    result->roc_auc = dn_mean_defined(result->roc_aucs, classes);
    result->average_precision = dn_mean_defined(result->average_precisions, classes);
    dn_reliability_compute(&result->reliability, s->log_probabilities, s->labels, s->count, classes);
    return OUTCOME_OK;
}

/* ---- unfamiliar pictures ---- */

static outcome measure_familiarity(evaluation *result, const evaluation_options *options) {
    const scores *s = &result->scores;
    result->unfamiliar = s->unfamiliarity ? 0 : -1;
    for (int i = 0; s->unfamiliarity && i < s->count; i++)
        result->unfamiliar += is_unfamiliar(s->unfamiliarity[i]);
    if (!options->unfamiliar) return OUTCOME_OK;
    return strangers_run(&result->strangers, &result->scorer, options->unfamiliar, s,
                         options->scorer.features.strict, &result->skipped);
}

/* Told before any feature is computed. */
static outcome check_familiarity(const evaluation *result, const evaluation_options *options) {
    if (!options->unfamiliar || result->info->novelty) return OUTCOME_OK;
    message(
        "--unfamiliar: %s has no numbers that tell unfamiliar pictures: it was made by an older version; "
        "train it again",
        options->scorer.model);
    return OUTCOME_MODEL;
}

/* ---- the whole ---- */

/* Scores the evaluated samples and, where there are any, those to calibrate on: `fit`. */
static outcome score_all(evaluation *result, const dni_samples *calibration_samples, const char *split,
                         scores *fit) {
    const feature_source sources[] = {{&result->samples, &plain, 1}, {calibration_samples, &plain, 1}};
    scores found[2] = {{.count = 0}, {.count = 0}};
    result->scorer.request.fingerprints = result->info->picture_key_count > 0;
    const outcome code = scorer_run(&result->scorer, sources, split ? 2 : 1, found, &result->skipped);
    result->scorer.request.fingerprints = false; /* perturbed, the pictures are the same */
    result->scores = found[0];
    *fit = found[1];
    if (code || result->scores.count) return code;
    message("no picture that can be used is left");
    return OUTCOME_DATA;
}

static outcome score_and_measure(evaluation *result, const evaluation_options *options, const char *data) {
    dni_samples samples = {.count = 0};
    scores fit = {.count = 0};
    const char *split;
    outcome code = find_calibration(result, options, data, &split, &samples);
    if (!code)
        code = decisions_heed(&result->decisions, &options->decisions, data,
                              (dni_samples *const[]){&result->samples, &samples}, 2, result->info->classes,
                              result->info->class_count);
    if (!code) code = score_all(result, &samples, split, &fit);
    if (!code) code = measure(result);
    if (!code) code = without_own_compute(&result->without_own, &result->scores, result->info);
    if (!code) code = set_metrics_compute(&result->set_metrics, &result->sets, &result->scores, result->info);
    if (!code) code = measure_familiarity(result, options);
    if (!code && split && !fit.count)
        message("not calibrated: no picture of %s can be used", split);
    else if (!code && split)
        code = recalibration_run(&result->recalibration, split, &fit, &result->scores,
                                 result->info->class_count);
    scores_free(&fit);
    dni_samples_free(&samples);
    return code;
}

outcome evaluation_run(evaluation *out, const evaluation_options *options, const char *data) {
    *out = (evaluation){.data = data};
    outcome code = scorer_open(&out->scorer, &options->scorer);
    if (code) return code;
    out->info = dn_classifier_get_info(out->scorer.classifier);
    code = class_sets_open(&out->sets, &options->sets, options->scorer.model, out->scorer.classifier);
    if (!code) code = check_familiarity(out, options);
    if (!code) code = find_samples(out, options, data);
    if (!code) code = score_and_measure(out, options, data);
    return code;
}

void evaluation_free(evaluation *result) {
    for (int r = 0; r < result->row_count; r++) score_metrics_free(&result->rows[r].metrics);
    free(result->rows);
    score_metrics_free(&result->recalibration.at_threshold);
    set_metrics_free(&result->set_metrics);
    without_own_free(&result->without_own);
    class_sets_close(&result->sets);
    free(result->roc_aucs);
    free(result->average_precisions);
    score_metrics_free(&result->metrics);
    scores_free(&result->scores);
    dni_samples_free(&result->samples);
    scorer_close(&result->scorer);
}
