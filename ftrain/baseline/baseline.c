/* SPDX-License-Identifier: MIT */
/* ftrain baseline: what simple classifiers reach on the same pictures. */
#include "ftrain/baseline/groups.h"
#include "ftrain/baseline/run.h"
#include "ftrain/shell/commands.h"
#include "ftrain/shell/data.h"
#include "ftrain/shell/message.h"
#include "ftrain/shell/outcome.h"
#include "ftrain/shell/output.h"

#include <stdlib.h>
#include <string.h>

static const char *const GROUP_NAMES[GROUPS] = {"dummy", "metadata", "svm-pixels", "logistic",
                                                "svm-features"};

static outcome parse_only(baseline_run *run) {
    for (int g = 0; g < GROUPS; g++) run->wanted[g] = !run->only;
    for (const char *text = run->only; text;) {
        const size_t length = strcspn(text, ",");
        int found = GROUPS;
        for (int g = 0; g < GROUPS; g++)
            if (strlen(GROUP_NAMES[g]) == length && strncmp(GROUP_NAMES[g], text, length) == 0) found = g;
        if (found == GROUPS) {
            message("--only: '%.*s' is not dummy, metadata, svm-pixels, logistic or svm-features",
                    (int)length, text);
            return OUTCOME_USAGE;
        }
        run->wanted[found] = true;
        text = text[length] ? text + length + 1 : NULL;
    }
    return OUTCOME_OK;
}

/* ---- data ---- */

/* The model must stand on the same features; its classes and preprocessing can be compared before there are
 * any. */
static bool fits_data(const baseline_run *run) {
    const dn_classifier_info *info = dn_classifier_get_info(run->classifier);
    const dni_dataset *data = &run->extraction.data;
    bool same = info->class_count == data->class_count &&
                /* NOLINTNEXTLINE(bugprone-suspicious-memory-comparison,cert-*): there is no padding */
                memcmp(&info->preprocessing, &run->extraction.preprocessing, sizeof info->preprocessing) == 0;
    for (int c = 0; same && c < data->class_count; c++)
        same = strcmp(info->classes[c], data->classes[c]) == 0;
    return same;
}

static bool fits_weights(const baseline_run *run) {
    return strcmp(dn_classifier_get_info(run->classifier)->weights_hash, run->extraction.hash) == 0;
}

static outcome refuse_model(const baseline_run *run) {
    message(
        "%s: was trained for other classes, on other weights or with another --resize, --crop or --exif-rotate",
        run->model);
    return OUTCOME_MODEL;
}

static outcome open_features(baseline_run *run, const char *data) {
    outcome code = extraction_open(&run->extraction, &run->extraction_options, data);
    if (!code && run->classifier && !fits_data(run)) code = refuse_model(run);
    if (!code) code = extraction_run(&run->extraction, &run->extraction_options, run->sets);
    return !code && run->classifier && !fits_weights(run) ? refuse_model(run) : code;
}

/* The pictures, and their features where a row needs them. */
static outcome open_data(baseline_run *run, const char *data) {
    if (baseline_needs_features(run)) return open_features(run, data);
    run->extraction.preprocessing = extraction_preprocessing(&run->extraction_options);
    outcome code = dataset_scan(&run->extraction.data, data, run->extraction_options.features.strict,
                                &run->extraction.skipped);
    if (!code)
        code = decisions_heed_dataset(&run->extraction.decisions, &run->extraction_options.decisions, data,
                                      &run->extraction.data);
    if (code) return code;
    dn_error error;
    if (dni_pool_create(&run->extraction.pool, run->extraction_options.network.threads, &error))
        return report(&error, OUTCOME_MACHINE);
    return OUTCOME_OK;
}

static outcome count_pictures(baseline_run *run) {
    outcome code = OUTCOME_OK;
    for (int s = 0; !code && s < DNI_SPLITS; s++)
        code = count_classes(&run->counts[s], &run->extraction.data, (dni_split)s,
                             baseline_needs_features(run) ? &run->sets[s] : NULL);
    return code;
}

static outcome check_files(const baseline_run *run) {
    const extraction_options *e = &run->extraction_options;
    const named_file page = {"--report", run->report};
    const named_file inputs[] = {{"-m", run->model},
                                 {"-w", e->weights},
                                 {"--features", e->features.file},
                                 {"--decisions", e->decisions.file}};
    return check_outputs_apart(&page, 1, inputs, 4);
}

static outcome baseline(baseline_run *run, const char *data) {
    dn_error error;
    outcome code = parse_only(run);
    if (!code) code = check_files(run);
    if (!code && run->report) code = check_output(run->report);
    if (code) return code;
    if (run->model && dn_classifier_load(&run->classifier, run->model, &error))
        return report(&error, OUTCOME_MODEL);
    code = open_data(run, data);
    if (!code) code = count_pictures(run);
    if (!code) code = baseline_add_rows(run);
    if (code) return code;
    code = baseline_print(run);
    if (!code && run->report) code = baseline_report(run);
    return !code ? finish(run->extraction.skipped) : code;
}

static const option_spec rows[] = {
    OPT_GROUP(baseline_run, extraction_options, extraction_option_table),
    FEATURES_OPTION(baseline_run, extraction_options.features.file),
    OPT_TEXT("model", 'm', baseline_run, model, "MODEL", "add a row for this model"),
    OPT_TEXT("only", 0, baseline_run, only, "dummy,metadata,svm-pixels,logistic,svm-features",
             "some of these rows"),
    OPT_INT("max-pictures", 0, baseline_run, max_pictures, 6, 20000, "N",
            "at most so many for each SVM (default 3000)"),
    OPT_TEXT("report", 0, baseline_run, report, "FILE.html",
             "write a page with the table and its bars, too (HTML)"),
    JSON_LINES_OPTION(baseline_run, json),
};

static outcome run(const command *self, int argc, char **argv) {
    baseline_run context = {.extraction_options = extraction_options_default(), .max_pictures = 3000};
    context.extraction_options.flip = false; /* each picture once, as in the rows without features */
    int first;
    outcome code = parse_options(self, &context, argc, argv, &first);
    if (!code) code = baseline(&context, argv[first]);
    for (int s = 0; s < DNI_SPLITS; s++) {
        feature_set_free(&context.sets[s]);
        free(context.counts[s]);
    }
    for (int i = 0; i < context.row_count; i++) row_free(&context.rows[i]);
    dn_classifier_free(context.classifier);
    extraction_free(&context.extraction);
    return code;
}

const command baseline_command = {
    .name = "baseline",
    .arguments = "DATA [-w WEIGHTS] [options]",
    .summary = "measure what simple classifiers reach on the same pictures",
    .description =
        "A network is worth what it adds to simpler methods. Each of these learns from DATA/train, is tuned on\n"
        "DATA/valid where there is something to choose, and is evaluated once on DATA/test:\n"
        "\n"
        "  dummy         does not look at the pictures; for random guesses, the expected accuracy\n"
        "  metadata      logistic regression on file metadata, on simple pixel statistics, and on both\n"
        "  svm-pixels    support vectors with an RBF kernel on the raw pixels of the crop\n"
        "  logistic      logistic regression on the network's features\n"
        "  svm-features  support vectors on the network's features\n"
        "\n"
        "  ftrain baseline flowers\n"
        "  ftrain baseline flowers --only dummy,svm-pixels        needs no weights\n"
        "  ftrain baseline flowers -m flowers.safetensors         beside a model\n"
        "  ftrain baseline flowers --report baseline.html         as a page with bars, too\n"
        "\n",
    .options = OPTIONS(rows),
    .min_paths = 1,
    .max_paths = 1,
    .run = run,
};
