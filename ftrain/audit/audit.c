/* ftrain audit: what could give a data set's labels away without looking at content. */
#include "ftrain/audit/audit.h"
#include "ftrain/features/extraction.h"
#include "ftrain/shell/commands.h"
#include "ftrain/shell/outcome.h"
#include "ftrain/shell/output.h"

#include <stdlib.h>
#include <string.h>

typedef struct audit_options {
    extraction_options extraction;
    const char *report;
    uint64_t seed;
    bool json, exit_status;
} audit_options;

static outcome summarise(audit *of) {
    const size_t classes = (size_t)of->data.class_count;
    of->summaries = calloc((size_t)of->data.part_count * classes, sizeof *of->summaries);
    of->colour = calloc(classes, sizeof *of->colour);
    if (!of->summaries || !of->colour) return report_no_memory();
    outcome code = OUTCOME_OK;
    for (int p = 0; p < of->data.part_count; p++)
        for (int c = 0; !code && c < of->data.class_count; c++)
            code = audit_summarise(&of->summaries[p * of->data.class_count + c], &of->data, p, c);
    return code;
}

static outcome find(audit *of, const audit_options *options, dni_pool *pool) {
    outcome code = audit_measure(&of->data, pool, options->extraction.features.quiet);
    if (!code) code = summarise(of);
    if (!code) code = audit_find_copies(&of->copies, &of->data);
    if (!code) code = audit_colour_outliers(of->colour, &of->data);
    if (!code) code = audit_judge(&of->leak, &of->data, &of->copies, options->seed);
    if (code || !options->extraction.weights) return code;
    of->features = calloc((size_t)of->data.class_count, sizeof *of->features);
    if (!of->features) return report_no_memory();
    return audit_feature_outliers(of->features, &of->data, &options->extraction, pool);
}

static outcome tell(const audit *of, const audit_options *options, dni_pool *pool) {
    outcome code = options->json ? audit_print_json(of) : audit_print(of);
    if (!code && options->report) code = audit_write_report(of, options->report, pool);
    if (code) return code;
    bool alarm = false;
    for (int g = 0; g < CUE_GROUPS; g++) alarm |= of->leak.alarms[g];
    if (alarm && options->exit_status) return OUTCOME_FOUND;
    return finish(of->data.skipped);
}

static outcome audit_folder(const audit_options *options, const char *folder) {
    audit work = {.summaries = NULL};
    dni_pool *pool = NULL;
    dn_error error;
    outcome code = options->report ? check_output(options->report) : OUTCOME_OK;
    if (!code) code = audit_open(&work.data, folder);
    if (!code && dni_pool_create(&pool, options->extraction.network.threads, &error))
        code = report(&error, OUTCOME_MACHINE);
    if (!code) code = find(&work, options, pool);
    if (!code) code = tell(&work, options, pool);
    dni_pool_free(pool);
    audit_copies_free(&work.copies);
    audit_close(&work.data);
    free(work.summaries);
    free(work.colour);
    free(work.features);
    return code;
}

static const option_spec rows[] = {
    OPT_TEXT("report", 0, audit_options, report, "FILE.html", "write a report with pictures, too"),
    JSON_OBJECT_OPTION(audit_options, json),
    OPT_FLAG("exit-status", 0, audit_options, exit_status, "end with 10 when there is an alarm"),
    OPT_SEED("seed", 0, audit_options, seed, "of the folds (default 1)"),
    OPT_TEXT("weights", 'w', audit_options, extraction.weights, "WEIGHTS",
             "a file, or random:SEED: find outliers in the network's features, too"),
    OPT_GROUP(audit_options, extraction, pipeline_option_table),
    THREADS_OPTION(audit_options, extraction.network.threads),
    QUIET_OPTION(audit_options, extraction.features.quiet),
};

static outcome run(const command *self, int argc, char **argv) {
    audit_options options = {.extraction = extraction_options_default(), .seed = 1};
    int first;
    const outcome code = parse_options(self, &options, argc, argv, &first);
    return !code ? audit_folder(&options, argv[first]) : code;
}

const command audit_command = {
    .name = "audit",
    .arguments = "DATA [options]",
    .summary = "tell what could give labels away without looking at content",
    .description =
        "Looks at the files of DATA/{train,valid,test}/CLASS/ or DATA/CLASS/: how each class was encoded, copies\n"
        "within and across splits and classes, pictures that stand out; and whether a plain classifier can read\n"
        "the labels from file metadata or simple pixel statistics alone. The first line says so.\n\n"
        "  ftrain audit flowers --report flowers.html\n\n"
        "A classifier trained on a data set with an alarm may have learned the cue and not the subject.\n\n",
    .options = OPTIONS(rows),
    .min_paths = 1,
    .max_paths = 1,
    .run = run,
};
