/* ftrain baseline: what simple classifiers reach on the same pictures. */
#include "ftrain/baseline/run.h"
#include "core/clock.h"
#include "ftrain/cues/cues.h"
#include "ftrain/shell/commands.h"
#include "ftrain/shell/data.h"
#include "ftrain/shell/message.h"
#include "ftrain/shell/outcome.h"
#include "ftrain/shell/output.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const GROUP_NAMES[GROUPS] = {"dummy", "metadata", "svm-pixels", "logistic",
                                                "svm-features"};

/* Keeps the row if it came about. */
static outcome add_row(baseline_run *run, outcome code, baseline_row row, const char *name, double begin) {
    if (code) return code;
    if (name) snprintf(row.name, sizeof row.name, "%s", name);
    row.seconds = dni_clock_seconds() - begin;
    run->rows[run->row_count++] = row;
    return OUTCOME_OK;
}

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

static bool needs_features(const baseline_run *run) {
    return run->wanted[LOGISTIC] || run->wanted[SVM_FEATURES] || run->model;
}

/* The pictures, and their features where a row needs them. */
static outcome open_data(baseline_run *run, const char *data) {
    if (needs_features(run))
        return extraction_run(&run->extraction, &run->extraction_options, data, run->sets);
    run->extraction.preprocessing = dn_preprocessing_default();
    run->extraction.preprocessing.resize = run->extraction_options.resize;
    run->extraction.preprocessing.crop = run->extraction_options.crop;
    const outcome code = dataset_scan(&run->extraction.data, data, run->extraction_options.features.strict,
                                      &run->extraction.skipped);
    if (code) return code;
    dn_error error;
    if (dni_pool_create(&run->extraction.pool, run->extraction_options.network.threads, &error))
        return report(&error, OUTCOME_MACHINE);
    return OUTCOME_OK;
}

static outcome count_classes(baseline_run *run) {
    const dni_dataset *data = &run->extraction.data;
    for (int s = 0; s < DNI_SPLITS; s++) {
        run->counts[s] = calloc((size_t)data->class_count, sizeof *run->counts[s]);
        if (!run->counts[s]) return report_no_memory();
        if (needs_features(run)) {
            for (int i = 0; i < run->sets[s].count; i++) run->counts[s][run->sets[s].labels[i]]++;
        } else {
            for (size_t i = 0; i < data->splits[s].count; i++)
                run->counts[s][data->splits[s].items[i].label]++;
        }
        const outcome code = check_counts(data, (dni_split)s, run->counts[s]);
        if (code) return code;
    }
    return OUTCOME_OK;
}

static outcome vectors_of_features(vectors *out, const baseline_run *run) {
    *out = (vectors){.width = dn_weights_config(run->extraction.weights)->features};
    size_t count = 0, at = 0;
    for (int s = 0; s < DNI_SPLITS; s++) count += (size_t)(out->counts[s] = run->sets[s].count);
    out->values = malloc(count * (size_t)out->width * sizeof *out->values);
    out->labels = malloc(count * sizeof *out->labels);
    if (!out->values || !out->labels) return report_no_memory();
    for (int s = 0; s < DNI_SPLITS; s++) {
        const size_t pictures = (size_t)run->sets[s].count, values = pictures * (size_t)out->width;
        for (size_t i = 0; i < values; i++)
            out->values[at * (size_t)out->width + i] = (double)run->sets[s].values[i];
        memcpy(out->labels + at, run->sets[s].labels, pictures * sizeof *out->labels);
        at += pictures;
    }
    return OUTCOME_OK;
}

/* ---- rows ---- */

static void add_dummies(baseline_run *run) {
    for (int strategy = 0; strategy < DNI_DUMMIES; strategy++)
        run->rows[run->row_count++] = row_of_dummy((dni_dummy)strategy, run->counts[DNI_TRAIN],
                                                   run->counts[DNI_TEST], run->extraction.data.class_count);
}

/* What can be had without looking at content. */
static outcome add_cues(baseline_run *run) {
    static const struct {
        const char *name, *about;
        int first, end;
    } kinds[] = {
        {"file metadata",
         "Logistic regression on what the file itself shows: format, size, JPEG quality, EXIF and other "
         "segments. No pixel takes part.",
         0, CUE_FILE_END},
        {"pixel statistics",
         "Logistic regression on mean colours, sharpness, shares of detail and how rings around the "
         "middle differ from it.",
         CUE_FILE_END, CUE_COUNT},
        {"metadata and statistics", "Both together: ftrain audit tells more.", 0, CUE_COUNT},
    };
    double begin = dni_clock_seconds();
    vectors cues;
    size_t skipped = 0;
    outcome code = vectors_of_cues(&cues, &run->extraction.data, run->extraction.pool,
                                   &run->extraction_options.features, needs_features(run), &skipped);
    if (!needs_features(run)) run->extraction.skipped += skipped;
    for (size_t k = 0; !code && k < sizeof kinds / sizeof *kinds; k++) {
        baseline_row row = {.about = kinds[k].about};
        vectors some;
        code = vectors_take_columns(&some, &cues, kinds[k].first, kinds[k].end);
        if (!code) vectors_standardise(&some);
        if (!code) code = row_of_logistic(&row, &some, run->extraction.data.class_count);
        vectors_free(&some);
        code = add_row(run, code, row, kinds[k].name, begin);
        begin = dni_clock_seconds();
    }
    vectors_free(&cues);
    return code;
}

static outcome add_pixels(baseline_run *run) {
    const double begin = dni_clock_seconds();
    const int classes = run->extraction.data.class_count;
    pixel_set set;
    gram products = {.count = 0};
    baseline_row row = {
        .about =
            "Support vectors with an RBF kernel on the raw pixels of the crop: what can be had "
            "without a network."};
    outcome code = pixel_set_load(&set, &run->extraction.data, &run->extraction.preprocessing,
                                  run->max_pictures, run->extraction.pool, &run->extraction_options.features,
                                  !needs_features(run) && !run->wanted[METADATA]);
    if (!code) code = gram_of_pixels(&products, &set);
    if (!code)
        code = row_of_svm(&row, &products, set.labels, set.counts, set.size,
                          pixel_variance(&set, set.counts[DNI_TRAIN]), classes);
    if (!needs_features(run) && !run->wanted[METADATA]) run->extraction.skipped += set.skipped;
    size_t there = 0;
    for (int s = 0; s < DNI_SPLITS; s++) there += run->extraction.data.splits[s].count;
    char name[sizeof row.name] = "SVM on pixels";
    if (there > (size_t)run->max_pictures) snprintf(name, sizeof name, "SVM on pixels of %d", set.count);
    pixel_set_free(&set);
    gram_free(&products);
    return add_row(run, code, row, name, begin);
}

static outcome add_feature_rows(baseline_run *run) {
    const int classes = run->extraction.data.class_count;
    vectors data;
    gram products = {.count = 0};
    outcome code = vectors_of_features(&data, run);
    if (!code) vectors_standardise(&data);
    if (!code && run->wanted[LOGISTIC]) {
        const double begin = dni_clock_seconds();
        baseline_row row = {
            .about =
                "Logistic regression on the network's features, with C chosen on valid: a head "
                "without hidden layers."};
        code = row_of_logistic(&row, &data, classes);
        code = add_row(run, code, row, "logistic regression on features", begin);
    }
    if (!code && run->wanted[SVM_FEATURES]) {
        const double begin = dni_clock_seconds();
        baseline_row row = {
            .about = "Support vectors with an RBF kernel on the network's features, with C chosen on valid."};
        const int count = data.counts[DNI_TRAIN] + data.counts[DNI_VALID] + data.counts[DNI_TEST];
        double squares = 0; /* the training split's mean is 0 */
        for (size_t i = 0; i < (size_t)data.counts[DNI_TRAIN] * (size_t)data.width; i++)
            squares += data.values[i] * data.values[i];
        const double variance = squares / ((double)data.counts[DNI_TRAIN] * data.width);
        code = gram_of_doubles(&products, data.values, count, data.width);
        if (!code)
            code = row_of_svm(&row, &products, data.labels, data.counts, data.width, variance, classes);
        code = add_row(run, code, row, "SVM on features", begin);
    }
    vectors_free(&data);
    gram_free(&products);
    return code;
}

/* The model must stand on the same features. */
static outcome check_model(const baseline_run *run) {
    const dn_classifier_info *info = dn_classifier_get_info(run->classifier);
    const dni_dataset *data = &run->extraction.data;
    bool same =
        info->class_count == data->class_count &&
        memcmp(&info->preprocessing, &run->extraction.preprocessing, sizeof info->preprocessing) == 0 &&
        strcmp(info->weights_hash, run->extraction.hash) == 0;
    for (int c = 0; same && c < data->class_count; c++)
        same = strcmp(info->classes[c], data->classes[c]) == 0;
    if (same) return OUTCOME_OK;
    message("%s: was trained for other classes, on other weights or with another --resize or --crop",
            run->model);
    return OUTCOME_MODEL;
}

static outcome add_model(baseline_run *run) {
    const double begin = dni_clock_seconds();
    dn_error error;
    outcome code = check_model(run);
    if (code) return code;
    const feature_set *test = &run->sets[DNI_TEST];
    const int classes = run->extraction.data.class_count;
    float *log_probabilities = malloc((size_t)test->count * (size_t)classes * sizeof *log_probabilities);
    baseline_row row = {.about = "The trained model itself, on the same pictures of test."};
    if (!log_probabilities) return report_no_memory();
    if (dn_head_log_probabilities(dn_classifier_get_head(run->classifier), test->values, test->count,
                                  log_probabilities, &error))
        code = report(&error, OUTCOME_MODEL);
    if (!code) code = row_of_probabilities(&row, log_probabilities, test->labels, test->count, classes);
    free(log_probabilities);
    return add_row(run, code, row, "the model", begin);
}

static outcome add_rows(baseline_run *run) {
    outcome code = OUTCOME_OK;
    if (run->wanted[DUMMY]) add_dummies(run);
    if (run->wanted[METADATA]) code = add_cues(run);
    if (!code && run->wanted[SVM_PIXELS]) code = add_pixels(run);
    if (!code && (run->wanted[LOGISTIC] || run->wanted[SVM_FEATURES])) code = add_feature_rows(run);
    if (!code && run->model) code = add_model(run);
    return code;
}

static outcome baseline(baseline_run *run, const char *data) {
    dn_error error;
    outcome code = parse_only(run);
    if (code) return code;
    if (run->report && run->model && strcmp(run->report, run->model) == 0) {
        message("--report: '%s' is the model's file, too", run->report);
        return OUTCOME_USAGE;
    }
    if (run->report) code = check_output(run->report);
    if (code) return code;
    if (run->model && dn_classifier_load(&run->classifier, run->model, &error))
        return report(&error, OUTCOME_MODEL);
    code = open_data(run, data);
    if (!code) code = count_classes(run);
    if (!code) code = add_rows(run);
    if (code) return code;
    code = baseline_print(run);
    if (!code && run->report) code = baseline_report(run);
    return !code ? finish(run->extraction.skipped) : code;
}

static const option_spec rows[] = {
    OPT_GROUP(baseline_run, extraction_options, extraction_option_table),
    FEATURES_OPTION(baseline_run, extraction_options.features.file),
    OPT_TEXT("model", 'm', baseline_run, model, "MODEL", "a row for this model, too"),
    OPT_TEXT("only", 0, baseline_run, only, "LIST",
             "some of dummy,metadata,svm-pixels,logistic,svm-features"),
    OPT_INT("max-pictures", 0, baseline_run, max_pictures, 6, 20000, "N",
            "at most so many for the SVM on pixels (default 3000)"),
    OPT_TEXT("report", 0, baseline_run, report, "FILE",
             "write a page with the table and its bars, too (HTML)"),
    JSON_LINES_OPTION(baseline_run, json),
};

static outcome run(const command *self, int argc, char **argv) {
    baseline_run work = {.extraction_options = extraction_options_default(), .max_pictures = 3000};
    work.extraction_options.flip = false; /* each picture once, as in the rows without features */
    int first;
    outcome code = parse_options(self, &work, argc, argv, &first);
    if (!code) code = baseline(&work, argv[first]);
    for (int s = 0; s < DNI_SPLITS; s++) {
        feature_set_free(&work.sets[s]);
        free(work.counts[s]);
    }
    dn_classifier_free(work.classifier);
    extraction_free(&work.extraction);
    return code;
}

const command baseline_command = {
    .name = "baseline",
    .arguments = "DATA [-w WEIGHTS] [options]",
    .summary = "tell what simple classifiers reach on the same pictures",
    .description =
        "A network is worth what it adds to simpler means. Each of these learns from DATA/train, is chosen on\n"
        "DATA/valid where there is a choice, and judged once on DATA/test:\n\n"
        "  dummy         never looks at a picture; where it draws lots, the expected accuracy\n"
        "  metadata      logistic regression on file metadata, on simple pixel statistics, and on both\n"
        "  svm-pixels    support vectors with an RBF kernel on the raw pixels of the crop\n"
        "  logistic      logistic regression on the network's features\n"
        "  svm-features  support vectors on the network's features\n\n"
        "  ftrain baseline flowers\n"
        "  ftrain baseline flowers --only dummy,svm-pixels        needs no weights\n"
        "  ftrain baseline flowers -m flowers.safetensors         beside a model\n"
        "  ftrain baseline flowers --report baseline.html         as a page with bars, too\n\n",
    .options = OPTIONS(rows),
    .min_paths = 1,
    .max_paths = 1,
    .run = run,
};
