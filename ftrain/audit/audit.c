/* SPDX-License-Identifier: MIT */
/* ftrain audit: what could give a data set's labels away without looking at content. */
#include "ftrain/audit/audit.h"
#include "ftrain/features/extraction.h"
#include "ftrain/shell/commands.h"
#include "ftrain/shell/message.h"
#include "ftrain/shell/new_array.h"
#include "ftrain/shell/outcome.h"
#include "ftrain/shell/output.h"

#include <stdlib.h>
#include <string.h>

typedef struct audit_options {
    extraction_options extraction;
    const char *report;
    uint64_t seed;
    int sheet;
    bool labels, json, exit_status;
} audit_options;

/* Whether the network's features are asked for. */
static bool wants_features(const audit_options *options) {
    return options->extraction.weights || options->labels;
}

static outcome summarise(audit *findings) {
    const size_t classes = (size_t)findings->data.class_count;
    findings->summaries = new_matrix((size_t)findings->data.part_count, classes, sizeof *findings->summaries);
    findings->colour = new_array(classes, sizeof *findings->colour);
    if (!findings->summaries || !findings->colour) return OUTCOME_MACHINE;
    outcome code = OUTCOME_OK;
    for (int p = 0; p < findings->data.part_count; p++)
        for (int c = 0; !code && c < findings->data.class_count; c++)
            code = audit_summarise(&findings->summaries[p * findings->data.class_count + c], &findings->data,
                                   p, c);
    return code;
}

static outcome use_features(audit *findings, const audit_options *options, dni_pool *pool) {
    feature_set set = {.count = 0};
    findings->features = new_array((size_t)findings->data.class_count, sizeof *findings->features);
    outcome code = findings->features ? OUTCOME_OK : OUTCOME_MACHINE;
    if (!code) code = audit_collect_features(&set, &findings->data, &options->extraction, pool);
    if (!code) code = audit_feature_outliers(findings->features, &findings->data, &set);
    if (!code && options->labels)
        code = audit_check_labels(&findings->labels, &findings->data, &set, &findings->copies, options->seed);
    feature_set_free(&set);
    return code;
}

static outcome find(audit *findings, const audit_options *options, dni_pool *pool) {
    outcome code = audit_measure(&findings->data, pool, options->extraction.features.quiet);
    if (!code) code = summarise(findings);
    if (!code) code = audit_find_copies(&findings->copies, &findings->data);
    if (!code) code = audit_colour_outliers(findings->colour, &findings->data);
    if (!code) code = audit_evaluate_cues(&findings->leak, &findings->data, &findings->copies, options->seed);
    if (!code) code = audit_find_giveaways(&findings->leak, &findings->data);
    if (code || !wants_features(options)) return code;
    return use_features(findings, options, pool);
}

static outcome report_results(const audit *findings, const audit_options *options, dni_pool *pool) {
    outcome code = options->json ? audit_print_json(findings) : audit_print(findings);
    if (!code && options->report) code = audit_write_report(findings, options->report, pool);
    if (code) return code;
    if (options->exit_status && !findings->leak.is_evaluated) return OUTCOME_UNJUDGED;
    if (options->exit_status && findings->leak.alarm) return OUTCOME_FOUND;
    return finish(findings->data.skipped);
}

/* Options of the network without one: whoever gives them expects features. */
static outcome refuse_without_features(const extraction_options *options) {
    const extraction_options standard = extraction_options_default();
    const char *const given = options->arch                        ? "arch"
                              : options->features.cache            ? "cache"
                              : options->features.form             ? "store"
                              : options->resize != standard.resize ? "resize"
                              : options->crop != standard.crop     ? "crop"
                                                                   : NULL;
    if (!given) return OUTCOME_OK;
    message("--%s: is of the network's features, which only -w WEIGHTS and --labels ask for", given);
    return OUTCOME_USAGE;
}

/* Whether the source of weights is one, before the long work that comes before they are needed. */
static outcome check_weights(const audit_options *options) {
    if (!wants_features(options)) return refuse_without_features(&options->extraction);
    weights_source source;
    const outcome code = weights_source_find(&source, options->extraction.weights, options->extraction.arch);
    weights_source_free(&source);
    return code;
}

static outcome audit_folder(const audit_options *options, const char *folder) {
    audit findings = {.sheet = options->sheet};
    dni_pool *pool = NULL;
    dn_error error;
    const named_file page = {"--report", options->report};
    const named_file inputs[] = {{"-w", options->extraction.weights},
                                 {"--decisions", options->extraction.decisions.file}};
    outcome code = check_weights(options);
    if (!code) code = check_outputs_apart(&page, 1, inputs, 2);
    if (!code && options->report) code = check_output(options->report);
    if (!code) code = audit_open(&findings.data, folder, &options->extraction.decisions);
    if (!code && dni_pool_create(&pool, options->extraction.network.threads, &error))
        code = report(&error, OUTCOME_MACHINE);
    if (!code) code = find(&findings, options, pool);
    if (!code) code = report_results(&findings, options, pool);
    dni_pool_free(pool);
    audit_labels_free(&findings.labels);
    audit_copies_free(&findings.copies);
    audit_close(&findings.data);
    free(findings.summaries);
    free(findings.colour);
    free(findings.features);
    return code;
}

static const option_spec rows[] = {
    OPT_TEXT("report", 0, audit_options, report, "FILE.html", "write a report with pictures, too"),
    OPT_INT("sheet", 0, audit_options, sheet, 1, INT32_MAX, "N",
            "with --report: at most N pictures of a class on its contact sheet (default all, 20000 in sum)"),
    OPT_FLAG("labels", 0, audit_options, labels,
             "list the labels that are probably wrong, by the network's features"),
    JSON_OBJECT_OPTION(audit_options, json),
    OPT_FLAG("exit-status", 0, audit_options, exit_status,
             "end with 10 when there is an alarm, 11 when the set could not be judged"),
    OPT_SEED("seed", 0, audit_options, seed, "seed of the folds (default 1)"),
    OPT_TEXT("weights", 'w', audit_options, extraction.weights, "WEIGHTS",
             "a file, or random:SEED: find outliers in the network's features, too; else --labels finds it"),
    OPT_GROUP(audit_options, extraction, pipeline_option_table),
    STORE_OPTION(audit_options, extraction.features.form),
    OPT_GROUP(audit_options, extraction.decisions, decision_option_table),
    THREADS_OPTION(audit_options, extraction.network.threads),
    QUIET_OPTION(audit_options, extraction.features.quiet),
};

static outcome run(const command *self, int argc, char **argv) {
    audit_options options = {
        .extraction = extraction_options_default(),
        .seed = 1,
    };
    int first;
    const outcome code = parse_options(self, &options, argc, argv, &first);
    return !code ? audit_folder(&options, argv[first]) : code;
}

const command audit_command = {
    .name = "audit",
    .arguments = "DATA [options]",
    .summary = "find what could give labels away without looking at content",
    .description =
        "Examines the files of DATA/{train,valid,test}/CLASS/ or DATA/CLASS/: how the files of each class were\n"
        "encoded, copies within and across splits and classes, and pictures that stand out. It also tests whether\n"
        "a simple classifier can read the labels from file metadata or simple pixel statistics alone; the first\n"
        "line that is printed says so.\n"
        "\n"
        "  ftrain audit flowers --report flowers.html\n"
        "  ftrain audit flowers -w densenet161.pth --labels        labels that are probably wrong\n"
        "\n"
        "A classifier trained on a data set with an alarm may have learned the cue and not the subject.\n"
        "\n"
        "--labels looks at all splits together. Every picture is judged by heads that were trained without it and\n"
        "without its copies; confident learning (Northcutt et al. 2021) then tells which labels do not fit. The\n"
        "list is a suspicion: look at the pictures before a label is changed.\n"
        "\n",
    .options = OPTIONS(rows),
    .min_paths = 1,
    .max_paths = 1,
    .run = run,
};
