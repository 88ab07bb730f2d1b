/* ftrain evaluate: a model against labelled pictures. */
#include "ftrain/evaluate/print.h"
#include "ftrain/evaluate/report.h"
#include "ftrain/evaluate/robustness.h"
#include "ftrain/shell/commands.h"
#include "ftrain/shell/message.h"
#include "ftrain/shell/options.h"
#include "ftrain/shell/outcome.h"
#include "ftrain/shell/output.h"

#include <stdio.h>
#include <string.h>

static const char robustness_default[] =
    "jpeg:90,jpeg:75,jpeg:60,jpeg:45,jpeg:30,blur:1,blur:2,resize:0.5,"
    "resize:0.25,zoom:1.25,zoom:1.5,zoom:2,grey";

enum { MAX_PERTURBATIONS = 64 };

typedef struct evaluate_options {
    evaluation_options evaluation;
    dni_view perturbations[MAX_PERTURBATIONS];
    int perturbation_count; /* 0: robustness is not looked at */
    const char *perturb, *predictions, *report;
    bool robustness, json;
} evaluate_options;

static outcome check_options(evaluate_options *o) {
    evaluation_options *e = &o->evaluation;
    if (!e->scorer.model) {
        message("evaluate: -m MODEL is missing");
        return OUTCOME_USAGE;
    }
    if (e->calibrate_on && strcmp(e->calibrate_on, e->split ? e->split : "test") == 0) {
        message("--calibrate-on: '%s' is the split that is judged", e->calibrate_on);
        return OUTCOME_USAGE;
    }
    if (o->robustness && !o->perturb) o->perturb = robustness_default;
    dn_error error;
    if (o->perturb && dni_view_parse_list(o->perturbations, MAX_PERTURBATIONS, &o->perturbation_count,
                                          o->perturb, &error)) {
        message("--perturb: %s", error.message);
        return OUTCOME_USAGE;
    }
    return network_options_check(&e->scorer.network);
}

static outcome tell(evaluation *of, const evaluate_options *o) {
    outcome code = o->predictions ? evaluation_write_csv(of, o->predictions) : OUTCOME_OK;
    if (code) return code;
    if (!(o->json ? evaluation_print_json(of) : evaluation_print_text(of))) return OUTCOME_MACHINE;
    if (o->predictions && !o->json) {
        putchar('\n');
        print_wrote(o->predictions);
    }
    if (o->report) code = evaluation_write_report(of, &o->evaluation.scorer, o->report);
    return !code ? finish(of->skipped) : code;
}

static outcome evaluate(const evaluate_options *o, const char *data) {
    evaluation found;
    outcome code = o->predictions ? check_output(o->predictions) : OUTCOME_OK;
    if (!code && o->report) code = check_output(o->report);
    if (code) return code;
    code = evaluation_run(&found, &o->evaluation, data);
    if (!code && o->perturbation_count)
        code = robustness_run(&found, o->perturbations, o->perturbation_count);
    if (!code) code = tell(&found, o);
    evaluation_free(&found);
    return code;
}

static const option_spec rows[] = {
    MODEL_OPTION(evaluate_options, evaluation.scorer.model),
    MODEL_WEIGHTS_OPTION(evaluate_options, evaluation.scorer.weights),
    OPT_TEXT("split", 0, evaluate_options, evaluation.split, "NAME", "train, valid or test (default test)"),
    OPT_TEXT("calibrate-on", 0, evaluate_options, evaluation.calibrate_on, "SPLIT",
             "fit temperature and threshold there, or none (default valid)"),
    OPT_FLAG("robustness", 0, evaluate_options, robustness,
             "judge the pictures compressed, blurred, resized, ..., too"),
    OPT_TEXT("perturb", 0, evaluate_options, perturb, "LIST",
             "the same with these: jpeg:75,blur:1,resize:0.5,zoom:2,grey"),
    OPT_TEXT("predictions", 0, evaluate_options, predictions, "FILE", "write them as CSV, a line a picture"),
    OPT_TEXT("report", 0, evaluate_options, report, "FILE.html",
             "write a page with curves and pictures, too"),
    CACHE_OPTION(evaluate_options, evaluation.scorer.features.cache),
    FEATURES_OPTION(evaluate_options, evaluation.scorer.features.file),
    OPT_GROUP(evaluate_options, evaluation.scorer.network, network_option_table),
    STRICT_OPTION(evaluate_options, evaluation.scorer.features.strict),
    JSON_OBJECT_OPTION(evaluate_options, json),
    QUIET_OPTION(evaluate_options, evaluation.scorer.features.quiet),
};

static outcome run(const command *self, int argc, char **argv) {
    evaluate_options o = {.json = false};
    int first;
    outcome code = parse_options(self, &o, argc, argv, &first);
    if (!code) code = check_options(&o);
    return !code ? evaluate(&o, argv[first]) : code;
}

const command evaluate_command = {
    .name = "evaluate",
    .arguments = "-m MODEL DATA [options]",
    .summary = "judge a model on labelled pictures",
    .description =
        "Accuracy with its 95 % interval, loss, ranking, calibration, and the confusion matrix, on\n"
        "DATA/test/CLASS/FILE, on another split, or on DATA/CLASS/FILE. Classes are matched by name. A temperature and,\n"
        "of two classes, a threshold are fitted on DATA/valid, if it is there, and judged, too; the model file stays as\n"
        "it is. --robustness judges the same pictures again under JPEG compression, blur, resizing, zoom and without\n"
        "colour, one at a time; their features are kept.\n\n"
        "  ftrain evaluate -m flowers.safetensors flowers --split valid\n"
        "  ftrain evaluate -m faces.safetensors faces --robustness --predictions faces.csv\n"
        "  ftrain evaluate -m faces.safetensors faces --robustness --report faces.html\n\n",
    .options = OPTIONS(rows),
    .min_paths = 1,
    .max_paths = 1,
    .run = run,
};
