/* ftrain predict: classes and probabilities of pictures, a row each. */
#include "core/pool.h"
#include "ftrain/backbone/model_attach.h"
#include "ftrain/predict/prediction.h"
#include "ftrain/shell/commands.h"
#include "ftrain/shell/message.h"
#include "ftrain/shell/options.h"
#include "ftrain/shell/outcome.h"
#include "ftrain/shell/paths.h"
#include "head/classifier/backbone.h"
#include "io/reader.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BATCH = 8 }; /* pictures that go through the network at a time, at most */

typedef struct prediction {
    const char *model, *weights_option, *expected;
    int format; /* a row_format; -1: not given */
    network_options network;
    int top;
    bool json, null, strict;

    dn_classifier *classifier;
    path_source *source;
    dni_reader *pictures;
    prediction_rows rows;
    float *probabilities; /* (BATCH, classes) */
    int expected_class;
    size_t predicted, unexpected; /* rows with a class; those of another than the expected one */
    size_t failed, skipped;       /* rows with an error; all inputs that could not be used */
} prediction;

/* ---- pictures ---- */

static bool next_picture(void *context, dni_reader_job *out) {
    static const dni_view plain = {.kind = DNI_VIEW_PLAIN};
    named_picture *picture;
    if (!path_source_next(context, &picture)) return false;
    *out = (dni_reader_job){.user_data = picture,
                            .path = picture->path,
                            .views = &plain,
                            .view_count = 1,
                            .error = picture->error};
    return true;
}

/* A folder without files is told, but it is no picture and has no row. */
static outcome fail(prediction *work, const named_picture *picture, const dn_error *error) {
    const outcome code = skip_input(error, work->strict, &work->skipped);
    if (code) return code;
    if (error->status == DN_ERR_DATA_EMPTY) return OUTCOME_OK;
    work->failed++;
    return prediction_rows_print_error(&work->rows, picture->path, error->message) ? OUTCOME_OK
                                                                                   : OUTCOME_MACHINE;
}

static outcome predict_run(prediction *work, const dni_reader_run *run) {
    if (run->error) return fail(work, run->slots->user_data, run->error);
    dn_error error;
    if (dni_classifier_predict_inputs(work->classifier, run->inputs, (int)run->count, work->probabilities,
                                      &error))
        return report(&error, OUTCOME_MODEL);
    for (size_t i = 0; i < run->count; i++) {
        const named_picture *picture = run->slots[i].user_data;
        int best;
        if (!prediction_rows_print(&work->rows, picture->path,
                                   work->probabilities + i * (size_t)work->rows.class_count, &best))
            return OUTCOME_MACHINE;
        work->predicted++;
        work->unexpected += work->expected && best != work->expected_class;
    }
    return OUTCOME_OK;
}

static outcome predict_all(prediction *work) {
    prediction_rows_begin(&work->rows);
    for (;;) {
        const dni_reader_run run = dni_reader_take(work->pictures);
        if (!run.count) break;
        const outcome code = predict_run(work, &run);
        dni_reader_release(work->pictures);
        if (code) return code;
        if (fflush(stdout) != 0) return OUTCOME_MACHINE; /* main() tells */
    }
    return path_source_lacks_memory(work->source) ? report_no_memory() : OUTCOME_OK;
}

/* ---- the command ---- */

static outcome check_options(prediction *work) {
    if (!work->model) {
        message("predict: -m MODEL is missing");
        return OUTCOME_USAGE;
    }
    if (work->format < 0) work->format = work->json ? ROW_JSON : ROW_TEXT;
    work->rows.format = (row_format)work->format;
    if (work->json && work->rows.format != ROW_JSON) {
        message("--json means --format json, not --format %s", work->rows.format == ROW_CSV ? "csv" : "text");
        return OUTCOME_USAGE;
    }
    return network_options_check(&work->network);
}

static outcome find_expected(prediction *work) {
    for (int c = 0; work->expected && c < work->rows.class_count; c++) {
        work->expected_class = c;
        if (strcmp(work->rows.classes[c], work->expected) == 0) return OUTCOME_OK;
    }
    if (!work->expected) return OUTCOME_OK;
    message("--exit-status: '%s' is not a class of %s; 'ftrain info %s' lists them", work->expected,
            work->model, work->model);
    return OUTCOME_USAGE;
}

static outcome open_model(prediction *work) {
    dn_error error;
    if (dn_classifier_load(&work->classifier, work->model, &error)) return report(&error, OUTCOME_MODEL);
    const dn_classifier_info *info = dn_classifier_get_info(work->classifier);
    const int classes = info->class_count;
    work->rows.classes = info->classes;
    work->rows.class_count = classes;
    work->rows.shown = work->top && work->top < classes ? work->top : classes;
    work->rows.order = malloc((size_t)classes * sizeof *work->rows.order);
    work->probabilities = malloc(BATCH * (size_t)classes * sizeof *work->probabilities);
    if (!work->rows.order || !work->probabilities) return report_no_memory();
    return find_expected(work);
}

/* Reading begins before the network is ready. */
static outcome start_reading(prediction *work, char *const *paths, int count) {
    work->source = path_source_create(paths, count, work->null ? '\0' : '\n');
    if (!work->source) return report_no_memory();
    const dni_reader_options options = {
        .preprocessing = &dn_classifier_get_info(work->classifier)->preprocessing,
        .next = next_picture,
        .release = named_picture_free,
        .context = work->source,
        .threads = work->network.threads ? work->network.threads : dni_pool_cores(),
        .batch = BATCH,
    };
    dn_error error;
    return dni_reader_create(&work->pictures, &options, &error) ? report(&error, OUTCOME_MACHINE)
                                                                : OUTCOME_OK;
}

static outcome predict(prediction *work, char *const *paths, int count) {
    outcome code = check_options(work);
    if (!code) code = open_model(work);
    if (!code) code = start_reading(work, paths, count);
    if (!code) code = model_attach(work->classifier, work->weights_option, &work->network, BATCH);
    if (!code) code = predict_all(work);
    if (code) return code;
    if (!work->predicted && !work->failed) {
        message("no pictures");
        return OUTCOME_DATA;
    }
    if (work->unexpected) return OUTCOME_FOUND;
    return work->skipped ? OUTCOME_SKIPPED : OUTCOME_OK;
}

static outcome run(const command *self, int argc, char **argv) {
    prediction work = {.format = -1};
    const option_spec specs[] = {
        {"model", 'm', OPTION_TEXT, &work.model, 0, 0, "MODEL", "a file of 'ftrain train'"},
        {"weights", 'w', OPTION_TEXT, &work.weights_option, 0, 0, "WEIGHTS",
         "the file it was trained with; else found by itself"},
        {"format", 0, OPTION_CHOICE, &work.format, 0, 0, "text|csv|json",
         "of the rows (default text); json: an object a line"},
        {"json", 0, OPTION_FLAG, &work.json, 0, 0, NULL, "the same as --format json"},
        {"top", 0, OPTION_INT, &work.top, 1, 1e6, "N", "only the N most probable classes"},
        {"null", '0', OPTION_FLAG, &work.null, 0, 0, NULL,
         "paths on standard input end in a zero byte, not in a line feed"},
        {"exit-status", 0, OPTION_TEXT, &work.expected, 0, 0, "CLASS",
         "10 unless CLASS is the most probable class of every picture"},
        NETWORK_OPTIONS(work.network),
        {"strict", 0, OPTION_FLAG, &work.strict, 0, 0, NULL, "stop at the first picture that cannot be used"},
    };
    int first;
    outcome code = parse_options(self, specs, sizeof specs / sizeof *specs, argc, argv, 1, INT_MAX, &first);
    if (!code) code = predict(&work, argv + first, argc - first);
    if (work.source) path_source_stop(work.source);
    dni_reader_free(work.pictures);
    path_source_free(work.source);
    free(work.probabilities);
    free(work.rows.order);
    dn_classifier_free(work.classifier);
    return code;
}

const command predict_command = {
    .name = "predict",
    .arguments = "-m MODEL PATH... [options]",
    .summary = "tell the classes of pictures",
    .description =
        "A row for each picture, in the order of the paths: the path, then classes with their probabilities, "
        "the\n"
        "most probable first. PATH is a picture, a folder of pictures, or - for a list of paths on standard "
        "input.\n"
        "A picture that cannot be used has a row, too, which says why.\n\n"
        "  ftrain predict -m flowers.safetensors a.jpg b.png holiday/\n"
        "  find . -name '*.jpg' -print0 | ftrain predict -m flowers.safetensors -0 --format csv - "
        ">flowers.csv\n"
        "  if ftrain predict -m faces.safetensors --exit-status real a.jpg; then echo real; fi\n\n",
    .run = run,
};
