/* SPDX-License-Identifier: MIT */
/* ftrain evaluate: a model against labelled pictures. */
#include "ftrain/evaluate/print.h"
#include "ftrain/evaluate/report.h"
#include "ftrain/evaluate/robustness.h"
#include "ftrain/shell/commands.h"
#include "ftrain/shell/message.h"
#include "ftrain/shell/options.h"
#include "ftrain/shell/outcome.h"
#include "ftrain/shell/output.h"
#include "io/split.h"

#include <stdio.h>
#include <string.h>

static const char robustness_default[] =
    "jpeg:90,jpeg:75,jpeg:60,jpeg:45,jpeg:30,blur:1,blur:2,resize:0.5,"
    "resize:0.25,zoom:1.25,zoom:1.5,zoom:2,grey";

enum { MAX_PERTURBATIONS = MOST_VIEWS };

typedef struct evaluate_options {
    evaluation_options evaluation;
    dni_view perturbations[MAX_PERTURBATIONS];
    int perturbation_count; /* 0: robustness is not looked at */
    const char *perturb, *predictions;
    evaluation_page page; /* no path: none */
    bool robustness, json;
} evaluate_options;

/* The name under which a split is known, whatever its folder is called. */
static const char *known_name(const char *name) {
    const dni_split split = name ? dni_split_of_name(name) : DNI_SPLITS;
    return split < DNI_SPLITS ? dni_split_name(split) : name;
}

static outcome check_options(evaluate_options *o) {
    evaluation_options *e = &o->evaluation;
    if (!e->scorer.model) {
        message("evaluate: -m MODEL is missing");
        return OUTCOME_USAGE;
    }
    e->split = known_name(e->split);
    e->calibrate_on = known_name(e->calibrate_on);
    if (e->calibrate_on && strcmp(e->calibrate_on, e->split ? e->split : "test") == 0) {
        message("--calibrate-on: '%s' is the split that is evaluated", e->calibrate_on);
        return OUTCOME_USAGE;
    }
    if (o->robustness && !o->perturb) o->perturb = robustness_default;
    dn_error error;
    if (o->perturb && dni_view_parse_list(o->perturbations, MAX_PERTURBATIONS, &o->perturbation_count,
                                          o->perturb, &error)) {
        message("--perturb: %s", error.message);
        return OUTCOME_USAGE;
    }
    const outcome code = class_set_options_check(&e->sets);
    return !code ? network_options_check(&e->scorer.network) : code;
}

static outcome report_results(evaluation *result, const evaluate_options *o) {
    outcome code = o->predictions ? evaluation_write_csv(result, o->predictions) : OUTCOME_OK;
    if (code) return code;
    if (!(o->json ? evaluation_print_json(result) : evaluation_print_text(result))) return OUTCOME_MACHINE;
    if (o->predictions && !o->json) {
        putchar('\n');
        print_wrote(o->predictions);
    }
    if (o->page.path) code = evaluation_write_report(result, &o->evaluation.scorer, &o->page);
    return !code ? finish(result->skipped) : code;
}

static outcome check_files(const evaluate_options *o) {
    const scorer_options *from = &o->evaluation.scorer;
    const named_file outputs[] = {{"--predictions", o->predictions}, {"--report", o->page.path}};
    const named_file inputs[] = {{"-m", from->model},
                                 {"-w", from->weights},
                                 {"--features", from->features.file},
                                 {"--decisions", o->evaluation.decisions.file}};
    return check_outputs_apart(outputs, 2, inputs, 4);
}

static outcome evaluate(const evaluate_options *o, const char *data) {
    evaluation found;
    outcome code = check_files(o);
    if (!code && o->predictions) code = check_output(o->predictions);
    if (!code && o->page.path) code = check_output(o->page.path);
    if (code) return code;
    code = evaluation_run(&found, &o->evaluation, data);
    if (!code && o->perturbation_count)
        code = robustness_run(&found, o->perturbations, o->perturbation_count);
    if (!code) code = report_results(&found, o);
    evaluation_free(&found);
    return code;
}

static const option_spec rows[] = {
    MODEL_OPTION(evaluate_options, evaluation.scorer.model),
    MODEL_WEIGHTS_OPTION(evaluate_options, evaluation.scorer.weights),
    OPT_TEXT("split", 0, evaluate_options, evaluation.split, "SPLIT", "train, valid or test (default test)"),
    OPT_TEXT("calibrate-on", 0, evaluate_options, evaluation.calibrate_on, "SPLIT",
             "fit temperature and threshold there, or none (default valid)"),
    OPT_GROUP(evaluate_options, evaluation.sets, class_set_option_table),
    OPT_FLAG("robustness", 0, evaluate_options, robustness,
             "evaluate the pictures compressed, blurred, resized, ..., too"),
    OPT_TEXT("perturb", 0, evaluate_options, perturb, "VIEWS",
             "the same with these: jpeg:75,blur:1,resize:0.5,zoom:2,grey"),
    OPT_TEXT("unfamiliar", 0, evaluate_options, evaluation.unfamiliar, "FOLDER",
             "tell how well the model sets FOLDER's pictures, of another kind, apart"),
    OPT_TEXT("predictions", 0, evaluate_options, predictions, "FILE",
             "write the predictions as CSV, one line a picture"),
    OPT_TEXT("report", 0, evaluate_options, page.path, "FILE.html",
             "write a page with curves and all wrong pictures, too"),
    MAPS_OPTION(evaluate_options, page.max_maps),
    CACHE_OPTION(evaluate_options, evaluation.scorer.features.cache),
    FEATURES_OPTION(evaluate_options, evaluation.scorer.features.file),
    STORE_OPTION(evaluate_options, evaluation.scorer.features.form),
    OPT_GROUP(evaluate_options, evaluation.scorer.network, network_option_table),
    OPT_GROUP(evaluate_options, evaluation.decisions, decision_option_table),
    STRICT_OPTION(evaluate_options, evaluation.scorer.features.strict),
    JSON_OBJECT_OPTION(evaluate_options, json),
    QUIET_OPTION(evaluate_options, evaluation.scorer.features.quiet),
};

static outcome run(const command *self, int argc, char **argv) {
    evaluate_options o = {.page = {.max_maps = DEFAULT_MAPS}};
    int first;
    outcome code = parse_options(self, &o, argc, argv, &first);
    if (!code) code = check_options(&o);
    return !code ? evaluate(&o, argv[first]) : code;
}

const command evaluate_command = {
    .name = "evaluate",
    .arguments = "-m MODEL DATA [options]",
    .summary = "measure how good a model is on labelled pictures",
    .description =
        "Prints accuracy with its 95 % interval, loss, ranking, calibration and the confusion matrix, on the\n"
        "pictures of DATA/test/CLASS/, of another split, or of DATA/CLASS/. Classes are matched by name. Where\n"
        "there is DATA/valid, a temperature and, for two classes, a threshold are fitted on it, and what they\n"
        "change is printed, too; the model file stays as it is. --robustness evaluates the same pictures again\n"
        "under JPEG compression, blur, resizing, zoom and without colour, one at a time; their features are kept.\n"
        "--coverage 0.9 also tells how often sets of classes that shall hold the true one 9 times in 10 do, and their size.\n"
        "Pictures that are less like the training pictures than 95 % of the validation pictures were are counted\n"
        "as unfamiliar; --unfamiliar FOLDER tells how many of FOLDER's are, and how well the score sorts them.\n"
        "\n"
        "  ftrain evaluate -m flowers.safetensors flowers --split valid\n"
        "  ftrain evaluate -m flowers.safetensors flowers --coverage 0.9 --coverage-per-class\n"
        "  ftrain evaluate -m faces.safetensors faces --robustness --predictions faces.csv\n"
        "  ftrain evaluate -m faces.safetensors faces --robustness --report faces.html\n"
        "\n",
    .options = OPTIONS(rows),
    .min_paths = 1,
    .max_paths = 1,
    .run = run,
};
