/* SPDX-License-Identifier: MIT */
/* ftrain predict: classes and probabilities of pictures, a row each; the classes of a model or, without one,
 * ImageNet's. */
#include "core/pool.h"
#include "densenet/imagenet_classes.h"
#include "ftrain/backbone/model_attach.h"
#include "ftrain/features/class_sets.h"
#include "ftrain/features/own_pictures.h"
#include "ftrain/predict/enter_sandbox.h"
#include "ftrain/predict/imagenet.h"
#include "ftrain/predict/prediction_row.h"
#include "ftrain/ranks/ranks.h"
#include "ftrain/ranks/shared_pictures.h"
#include "ftrain/sandbox/sandbox.h"
#include "ftrain/shell/commands.h"
#include "ftrain/shell/frames.h"
#include "ftrain/shell/message.h"
#include "ftrain/shell/options.h"
#include "ftrain/shell/outcome.h"
#include "ftrain/shell/paths.h"
#include "head/classifier/backbone.h"
#include "head/blas.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BATCH = 8 }; /* pictures that go through the network at a time, at most; with more threads, as many */

typedef struct predict_run {
    const char *model, *weights_option, *expected;
    int format; /* a row_format; -1: not given */
    network_options network;
    int top;
    bool json, null, strict, sandbox;
    class_set_options set_options;
    float refused_from; /* percent; below 0: no picture is refused for being unfamiliar */

    dn_classifier *classifier; /* NULL: without -m */
    imagenet *imagenet;        /* NULL: with -m */
    dn_preprocessing preprocessing;
    path_source *source;
    shared_pictures *pictures;
    row_format rows;
    prediction predicted; /* of the picture at hand */
    class_sets sets;
    int threads, batch;
    float *probabilities; /* (batch, classes) */
    double *percentiles;  /* (batch); NaN where the model has no numbers for it */
    size_t result_size;   /* bytes of a picture's percentile and probabilities */
    int expected_class;
    dn_picture_index *own_index; /* of the keys of the model's own pictures */
    own_pictures own;
    size_t judged, unexpected; /* rows with a class; those of another than the expected one */
    size_t failed, skipped;    /* rows with an error; all inputs that could not be used */
    frame_note frames;
} predict_run;

/* ---- pictures ---- */

static bool next_picture(void *context, dni_reader_job *out) {
    static const dni_view plain = {.kind = DNI_VIEW_PLAIN};
    const predict_run *run = context;
    named_picture *picture;
    if (!path_source_next(run->source, &picture)) return false;
    *out = (dni_reader_job){.user_data = picture,
                            .path = picture->path,
                            .views = &plain,
                            .view_count = 1,
                            .error = picture->error};
    return true;
}

/* Rows are not kept back until more have come. */
static outcome row_written(bool is_printed) {
    return is_printed && fflush(stdout) == 0 ? OUTCOME_OK : OUTCOME_MACHINE; /* main() tells */
}

/* A folder without files is told, but it is no picture and has no row. */
static outcome fail(void *context, void *user_data, const dn_error *error) {
    predict_run *run = context;
    const named_picture *picture = user_data;
    const outcome code = skip_input(error, run->strict, &run->skipped);
    if (code) return code;
    if (error->status == DN_ERR_DATA_EMPTY) return OUTCOME_OK;
    run->failed++;
    return row_written(prediction_row_print_error(run->rows, picture->path, error->message, &run->predicted));
}

static void find_own(predict_run *run, const dni_fingerprint *print) {
    prediction *predicted = &run->predicted;
    prediction_find_own(predicted, dn_classifier_get_info(run->classifier), run->own_index, print);
    run->own.count++;
    if (!predicted->own) return;
    run->own.train += strcmp(predicted->own, "train") == 0;
    run->own.valid += strcmp(predicted->own, "valid") == 0;
    run->own.near += predicted->is_near_copy;
}

static void tell_own(const predict_run *run) {
    char sentence[200];
    if (!own_pictures_count(&run->own)) return;
    own_pictures_sentence(sentence, sizeof sentence, &run->own);
    message("%s; what it says of these tells nothing of new pictures", sentence);
}

/* Before any picture is judged, and where the model has no numbers for it, unfamiliarity is NaN. */
static dn_status judge(predict_run *run, const float *inputs, int count, dn_error *error) {
    if (run->imagenet) return imagenet_predict(run->imagenet, inputs, count, run->probabilities, error);
    dn_status status =
        dni_classifier_predict_inputs(run->classifier, inputs, count, run->probabilities, error);
    if (!status && dn_classifier_get_info(run->classifier)->novelty)
        status = dni_classifier_unfamiliarity(run->classifier, count, run->percentiles, error);
    return status;
}

static bool is_refused(const predict_run *run) {
    return run->refused_from >= 0 && run->predicted.unfamiliarity >= (double)run->refused_from / 100;
}

static outcome refuse(predict_run *run, named_picture *picture) {
    dn_error error = {.status = DN_ERR_UNSUPPORTED};
    snprintf(error.message, sizeof error.message,
             "%s: refused as unfamiliar: %.1f %% of the validation pictures are more like those that the "
             "model was trained on",
             picture->path, 100 * run->predicted.unfamiliarity);
    return fail(run, picture, &error);
}

/* Of each picture its percentile, then its probabilities. */
static outcome compute(void *context, const float *inputs, int count, void *results) {
    predict_run *run = context;
    dn_error error;
    if (judge(run, inputs, count, &error)) return report(&error, OUTCOME_MODEL);
    const size_t classes = (size_t)run->predicted.class_count;
    for (size_t i = 0; i < (size_t)count; i++) {
        char *const to = (char *)results + i * run->result_size;
        memcpy(to, &run->percentiles[i], sizeof *run->percentiles);
        memcpy(to + sizeof *run->percentiles, run->probabilities + i * classes,
               classes * sizeof *run->probabilities);
    }
    return OUTCOME_OK;
}

static outcome print_picture(predict_run *run, const dni_reader_slot *slot, const char *result) {
    named_picture *const picture = slot->user_data;
    prediction *const predicted = &run->predicted;
    frame_note_add(&run->frames, picture->path, slot->frames);
    memcpy(&predicted->unfamiliarity, result, sizeof predicted->unfamiliarity);
    memcpy(run->probabilities, result + sizeof predicted->unfamiliarity,
           (size_t)predicted->class_count * sizeof *run->probabilities);
    predicted->probabilities = run->probabilities;
    if (is_refused(run)) return refuse(run, picture);
    prediction_sort(predicted);
    if (run->classifier) find_own(run, &slot->print);
    run->judged++;
    run->unexpected += run->expected && predicted->order[0].index != run->expected_class;
    return row_written(prediction_row_print(run->rows, picture->path, predicted));
}

static outcome keep(void *context, const dni_reader_slot *slots, const void *results, size_t count) {
    predict_run *run = context;
    outcome code = OUTCOME_OK;
    for (size_t i = 0; !code && i < count; i++)
        code = print_picture(run, &slots[i], (const char *)results + i * run->result_size);
    return code;
}

static outcome predict_all(predict_run *run) {
    prediction_row_begin(run->rows, &run->predicted);
    const outcome code = shared_pictures_run(run->pictures);
    if (code) return code;
    return run->source && path_source_lacks_memory(run->source) ? report_no_memory() : OUTCOME_OK;
}

/* ---- the command ---- */

/* MPI talks to other processes, which a process in a sandbox does not. */
static outcome check_sandbox(void) {
    if (ranks_count() == 1) return sandbox_check();
    message("--sandbox: works in one process, and mpirun has started %d", ranks_count());
    return OUTCOME_USAGE;
}

static outcome check_options(predict_run *run) {
    if (!run->model && !run->weights_option) {
        message("predict: -m MODEL is missing; -w WEIGHTS without it tells ImageNet's classes");
        return OUTCOME_USAGE;
    }
    if (run->format < 0) run->format = run->json ? ROW_JSON : ROW_TEXT;
    run->rows = (row_format)run->format;
    if (run->json && run->rows != ROW_JSON) {
        message("--json means --format json, not --format %s", run->rows == ROW_CSV ? "csv" : "text");
        return OUTCOME_USAGE;
    }
    if (!run->model && run->set_options.coverage > 0.0) {
        message("--coverage: only a model is calibrated for it, and -m MODEL is missing");
        return OUTCOME_USAGE;
    }
    outcome code = class_set_options_check(&run->set_options);
    if (!code) code = network_options_check(&run->network);
    return !code && run->sandbox ? check_sandbox() : code;
}

static outcome find_expected(predict_run *run) {
    for (int c = 0; run->expected && c < run->predicted.class_count; c++) {
        run->expected_class = c;
        if (strcmp(run->predicted.classes[c], run->expected) == 0) return OUTCOME_OK;
    }
    if (!run->expected) return OUTCOME_OK;
    if (run->model)
        message("--exit-status: '%s' is not a class of %s; 'ftrain info %s' lists them", run->expected,
                run->model, run->model);
    else
        message("--exit-status: '%s' is not one of ImageNet's classes, as rows name them", run->expected);
    return OUTCOME_USAGE;
}

static outcome find_classes(predict_run *run) {
    run->predicted.classes = dni_imagenet_classes;
    run->predicted.class_count = DN_LOGITS;
    run->preprocessing = imagenet_preprocessing();
    if (!run->model) {
        if (!run->top) run->top = IMAGENET_SHOWN;
        return OUTCOME_OK;
    }
    dn_error error;
    if (dn_classifier_load(&run->classifier, run->model, &error)) return report(&error, OUTCOME_MODEL);
    const dn_classifier_info *info = dn_classifier_get_info(run->classifier);
    run->predicted.classes = info->classes;
    run->predicted.class_count = info->class_count;
    run->preprocessing = info->preprocessing;
    run->own.keys = info->picture_key_count;
    run->predicted.tells_own = run->own.keys > 0;
    if (info->novelty) run->predicted.unfamiliarity = 0; /* what it is comes with each picture */
    return dn_picture_index_create(&run->own_index, info->picture_keys, info->picture_key_count, &error)
               ? report(&error, OUTCOME_MACHINE)
               : OUTCOME_OK;
}

/* Refusing is only for models that can tell. */
static outcome check_refusal(const predict_run *run) {
    if (run->refused_from < 0 || !isnan(run->predicted.unfamiliarity)) return OUTCOME_OK;
    if (!run->model) {
        message("--refuse-unfamiliar: needs -m MODEL, whose training pictures are the familiar ones");
        return OUTCOME_USAGE;
    }
    message(
        "--refuse-unfamiliar: %s has no numbers that tell unfamiliar pictures: it was made by an older "
        "version; train it again",
        run->model);
    return OUTCOME_MODEL;
}

static outcome open_model(predict_run *run) {
    run->threads = run->network.threads ? run->network.threads : dni_pool_cores();
    run->batch = run->threads > BATCH ? run->threads : BATCH;
    outcome code = find_classes(run);
    if (!code) code = check_refusal(run);
    if (code) return code;
    const int classes = run->predicted.class_count;
    run->predicted.shown = run->top && run->top < classes ? run->top : classes;
    run->predicted.order = malloc((size_t)classes * sizeof *run->predicted.order);
    run->probabilities = malloc((size_t)run->batch * (size_t)classes * sizeof *run->probabilities);
    run->percentiles = malloc((size_t)run->batch * sizeof *run->percentiles);
    if (!run->predicted.order || !run->probabilities || !run->percentiles) return report_no_memory();
    for (int i = 0; i < run->batch; i++) run->percentiles[i] = (double)NAN;
    if (run->model) code = class_sets_open(&run->sets, &run->set_options, run->model, run->classifier);
    run->predicted.thresholds = run->sets.thresholds;
    return !code ? find_expected(run) : code;
}

/* Reading begins before the network is ready. Rank 0 alone knows the paths. */
static outcome start_reading(predict_run *run, char *const *paths, int count) {
    outcome code = OUTCOME_OK;
    if (!ranks_is_helper()) code = path_source_create(&run->source, paths, count, run->null ? '\0' : '\n');
    if (code) return code;
    run->result_size =
        sizeof *run->percentiles + (size_t)run->predicted.class_count * sizeof *run->probabilities;
    const shared_pictures_options options = {
        .preprocessing = &run->preprocessing,
        .threads = run->threads,
        .batch = run->batch,
        .fingerprint = run->predicted.tells_own,
        .result_size = run->result_size,
        .in_order = true,
        .context = run,
        .next = next_picture,
        .release = named_picture_free,
        .compute = compute,
        .keep = keep,
        .fail = fail,
    };
    dn_error error;
    if (run->classifier && dni_blas_prepare(&error))
        return report(&error, OUTCOME_MACHINE); /* before threads */
    return shared_pictures_create(&run->pictures, &options);
}

static outcome open_network(predict_run *run) {
    return run->classifier ? model_attach(run->classifier, run->weights_option, &run->network, run->batch)
                           : imagenet_open(&run->imagenet, run->weights_option, &run->network, run->batch);
}

static outcome predict(predict_run *run, char *const *paths, int count) {
    outcome code = check_options(run);
    if (!code && run->sandbox) code = enter_sandbox(run->model, run->weights_option, paths, count);
    if (!code) code = open_model(run);
    if (!code) code = start_reading(run, paths, count);
    if (!code) code = open_network(run);
    if (!code) code = predict_all(run);
    if (code || ranks_is_helper()) return code;
    tell_own(run);
    if (!run->judged && !run->failed) {
        message("no pictures");
        return OUTCOME_DATA;
    }
    if (run->unexpected) return OUTCOME_FOUND;
    return finish(run->skipped);
}

static const option_spec rows[] = {
    MODEL_OPTION(predict_run, model),
    OPT_TEXT("weights", 'w', predict_run, weights_option, "WEIGHTS",
             "the file the model was trained with, else found by itself; without -m: ImageNet's weights"),
    OPT_CHOICE("format", 0, predict_run, format, "text|csv|json",
               "format of the rows (default text); json: one object a line"),
    OPT_FLAG("json", 0, predict_run, json, "the same as --format json"),
    OPT_INT("top", 0, predict_run, top, 1, 1e6, "N", "show only the N most probable classes (without -m: 5)"),
    OPT_GROUP(predict_run, set_options, class_set_option_table),
    OPT_FLOAT("refuse-unfamiliar", 0, predict_run, refused_from, 0, 100, "P",
              "tell no class where P percent of the validation pictures are more familiar"),
    OPT_FLAG("null", '0', predict_run, null,
             "paths on standard input end in a zero byte, not in a line feed"),
    OPT_TEXT("exit-status", 0, predict_run, expected, "CLASS",
             "end with 10 unless CLASS is the most probable class of every picture"),
    OPT_FLAG("sandbox", 0, predict_run, sandbox,
             "give up all but reading PATHs, model and weights before anything of them is looked at"),
    OPT_GROUP(predict_run, network, network_option_table),
    STRICT_OPTION(predict_run, strict),
};

static outcome run(const command *self, int argc, char **argv) {
    predict_run state = {.format = -1, .refused_from = -1, .predicted = {.unfamiliarity = (double)NAN}};
    int first;
    outcome code = parse_options(self, &state, argc, argv, &first);
    if (!code) code = predict(&state, argv + first, argc - first);
    frame_note_tell(&state.frames);
    if (state.source) path_source_stop(state.source);
    shared_pictures_free(state.pictures);
    path_source_free(state.source);
    class_sets_close(&state.sets);
    free(state.probabilities);
    free(state.percentiles);
    free(state.predicted.order);
    imagenet_free(state.imagenet);
    dn_picture_index_free(state.own_index);
    dn_classifier_free(state.classifier);
    return code;
}

const command predict_command = {
    .name = "predict",
    .arguments = "{-m MODEL | -w WEIGHTS} PATH... [options]",
    .summary = "tell the classes of pictures",
    .description =
        "Prints a row for each picture, in the order of the paths: the path, then the classes with their probabilities,\n"
        "the most probable class first. PATH is a picture, a folder of pictures, or - for a list of paths on standard\n"
        "input. A picture that cannot be used has a row, too, which says why. --coverage 0.9 tells, beside them, a set of\n"
        "classes, which can hold several or none: of pictures like those that the model was calibrated on, 9 in 10 have\n"
        "their class in it. A picture that is unlike those the model was trained on is marked 'unfamiliar', with the\n"
        "percentage of the validation pictures that are more familiar, where that is 95 or more: its class may mean nothing.\n"
        "Without -m the classes are ImageNet's 1000, by the classifier that WEIGHTS came with: a look whether a file is\n"
        "what it should be. The shorter side is then resized to 256 and the middle 224x224 are used, as torchvision does.\n\n"
        "  ftrain predict -m flowers.safetensors a.jpg b.png holiday/\n"
        "  ftrain predict -m flowers.safetensors --coverage 0.95 holiday/\n"
        "  find . -name '*.jpg' -print0 | ftrain predict -m flowers.safetensors -0 --format csv - >flowers.csv\n"
        "  if ftrain predict -m faces.safetensors --exit-status real a.jpg; then echo real; fi\n"
        "  ftrain predict -m faces.safetensors --refuse-unfamiliar 99 holiday/\n"
        "  ftrain predict -m flowers.safetensors --sandbox downloads/\n"
        "  ftrain predict -w densenet161-8d451a50.pth cat.jpg\n\n",
    .options = OPTIONS(rows),
    .min_paths = 1,
    .max_paths = INT_MAX,
    .has_helpers = true,
    .run = run,
};
