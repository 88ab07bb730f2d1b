/* The order of an evaluation: model, samples, scores, metrics, calibration. */
#include "ftrain/evaluate/evaluation.h"

#include "ftrain/shell/message.h"
#include "ftrain/shell/new_array.h"
#include "ftrain/shell/options.h"
#include "ftrain/shell/outcome.h"
#include "head/classifier/classifier.h"
#include "head/metrics.h"
#include "head/prediction.h"
#include "io/file.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const dni_view plain = {.kind = DNI_VIEW_PLAIN};

/* ---- samples ---- */

/* The folder of a split, from malloc, and whether it is there. */
static char *split_folder(const char *data, const char *split, bool *exists) {
    struct stat found;
    char *folder = dni_path_join(data, split);
    *exists = folder && stat(folder, &found) == 0;
    return folder;
}

/* DATA/SPLIT where DATA has splits; DATA itself where it holds class folders and no split was asked for. */
static outcome find_samples(evaluation *of, const evaluation_options *options, const char *data) {
    bool exists;
    const char *split = options->split ? options->split : "test";
    char *folder = split_folder(data, split, &exists);
    if (!folder) return report_no_memory();
    of->split = options->split || exists ? split : NULL;
    dn_error error;
    const dn_status status = dni_samples_scan(&of->samples, of->split ? folder : data, of->info->classes,
                                              of->info->class_count, &error);
    free(folder);
    return status ? report(&error, OUTCOME_DATA) : OUTCOME_OK;
}

/* Samples to calibrate on, if any: asked for, they must be there; not asked for, they may be missing or
 * unfit. */
static outcome find_calibration(const evaluation *of, const evaluation_options *options, const char *data,
                                const char **split, dni_samples *out) {
    const char *asked = options->calibrate_on;
    *split = NULL;
    if (asked ? strcmp(asked, "none") == 0 : !of->split || strcmp(of->split, "valid") == 0) return OUTCOME_OK;
    const char *name = asked ? asked : "valid";
    bool exists;
    char *folder = split_folder(data, name, &exists);
    if (!folder) return report_no_memory();
    dn_error error;
    const dn_status status =
        asked || exists ? dni_samples_scan(out, folder, of->info->classes, of->info->class_count, &error)
                        : DN_OK;
    free(folder);
    if (status && asked) return report(&error, OUTCOME_DATA);
    if (status) message("not calibrated: %s", error.message);
    if (!status && (asked || exists)) *split = name;
    return OUTCOME_OK;
}

/* ---- metrics ---- */

int evaluation_predicted(const evaluation *of, int i) {
    const int classes = of->info->class_count;
    return dni_most_probable(of->scores.log_probabilities + (size_t)i * (size_t)classes, classes);
}

static outcome judge(evaluation *of) {
    const scores *s = &of->scores;
    const int classes = of->info->class_count;
    outcome code = score_metrics_compute(&of->metrics, s, classes);
    if (code) return code;
    of->roc_aucs = new_array((size_t)classes, sizeof *of->roc_aucs);
    of->average_precisions = new_array((size_t)classes, sizeof *of->average_precisions);
    if (!of->roc_aucs || !of->average_precisions) return OUTCOME_MACHINE;
    dn_error error;
    if (dn_ranking_all(of->roc_aucs, of->average_precisions, s->log_probabilities, s->labels, s->count,
                       classes, &error) ||
        (classes == 2 &&
         dn_ranking_compute(&of->ranking, s->log_probabilities, s->labels, s->count, 2, 1, &error)))
        return report(&error, OUTCOME_MACHINE);
    of->roc_auc = dn_mean_defined(of->roc_aucs, classes);
    of->average_precision = dn_mean_defined(of->average_precisions, classes);
    dn_reliability_compute(&of->reliability, s->log_probabilities, s->labels, s->count, classes);
    return OUTCOME_OK;
}

/* ---- the whole ---- */

/* Scores the judged samples and, where there are any, those to calibrate on: `fit`. */
static outcome score_all(evaluation *of, const dni_samples *calibration_samples, const char *split,
                         scores *fit) {
    const feature_source sources[] = {{&of->samples, &plain, 1}, {calibration_samples, &plain, 1}};
    scores found[2] = {{.count = 0}, {.count = 0}};
    const outcome code = scorer_run(&of->scorer, sources, split ? 2 : 1, found, &of->skipped);
    of->scores = found[0];
    *fit = found[1];
    if (code || of->scores.count) return code;
    message("no picture that can be used is left");
    return OUTCOME_DATA;
}

static outcome judge_and_calibrate(evaluation *of, const evaluation_options *options, const char *data) {
    dni_samples samples = {.count = 0};
    scores fit = {.count = 0};
    const char *split;
    outcome code = find_calibration(of, options, data, &split, &samples);
    if (!code) code = score_all(of, &samples, split, &fit);
    if (!code) code = judge(of);
    if (!code && split && !fit.count)
        message("not calibrated: no picture of %s can be used", split);
    else if (!code && split)
        code = recalibration_run(&of->recalibration, split, &fit, &of->scores, of->info->class_count);
    scores_free(&fit);
    dni_samples_free(&samples);
    return code;
}

outcome evaluation_run(evaluation *out, const evaluation_options *options, const char *data) {
    *out = (evaluation){.split = NULL};
    outcome code = scorer_open(&out->scorer, &options->scorer);
    if (code) return code;
    out->info = dn_classifier_get_info(out->scorer.classifier);
    code = find_samples(out, options, data);
    if (!code) code = judge_and_calibrate(out, options, data);
    return code;
}

void evaluation_free(evaluation *of) {
    for (int r = 0; r < of->row_count; r++) score_metrics_free(&of->rows[r].metrics);
    free(of->rows);
    score_metrics_free(&of->recalibration.at_threshold);
    dn_ranking_free(&of->ranking);
    free(of->roc_aucs);
    free(of->average_precisions);
    score_metrics_free(&of->metrics);
    scores_free(&of->scores);
    dni_samples_free(&of->samples);
    scorer_close(&of->scorer);
}
