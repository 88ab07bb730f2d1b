/* SPDX-License-Identifier: MIT */
/* ftrain train: features, head, a line an epoch, the test once, the model file. */
#include "ftrain/shell/commands.h"
#include "ftrain/shell/interrupt.h"
#include "ftrain/shell/message.h"
#include "ftrain/shell/new_array.h"
#include "ftrain/shell/outcome.h"
#include "ftrain/shell/output.h"
#include "ftrain/train/calibrate.h"
#include "ftrain/train/evaluate_head.h"
#include "ftrain/train/picture_keys.h"
#include "ftrain/train/print.h"
#include "ftrain/train/recipe.h"
#include "ftrain/train/report.h"
#include "io/json.h"
#include "head/classifier/classifier.h"
#include "head/metrics.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the data ---- */

static outcome count_pictures(train_run *run) {
    outcome code = OUTCOME_OK;
    for (int s = 0; !code && s < DNI_SPLITS; s++)
        code = count_classes(&run->counts[s], &run->extraction.data, (dni_split)s, &run->sets[s]);
    return code;
}

static outcome check_class_names(const train_run *run) {
    const dni_dataset *data = &run->extraction.data;
    for (int c = 0; c < data->class_count; c++) {
        json_t *name = json_string(data->classes[c]);
        if (!name) {
            message("class '%s': the folder's name is not UTF-8 text, which model files need",
                    data->classes[c]);
            return OUTCOME_DATA;
        }
        json_decref(name);
    }
    return OUTCOME_OK;
}

static outcome check_class_weights(const train_run *run, const train_options *options) {
    const int given = options->class_weight_count, classes = run->extraction.data.class_count;
    if (!given || given == classes) return OUTCOME_OK;
    message("--class-weights: '%s': %d numbers for %d classes, the first of which is '%s'",
            options->weighting, given, classes, run->extraction.data.classes[0]);
    return OUTCOME_USAGE;
}

/* What can be wrong only for this data set; told before any feature is computed. */
static outcome check_against_data(train_run *run) {
    outcome code = check_class_names(run);
    if (!code) code = origin_match_classes(&run->origin, &run->extraction.data, run->options);
    if (code) return code;
    if (!run->sweep) return check_class_weights(run, run->options);
    const sweep_grid *grid = sweep_get_grid(run->sweep);
    train_options options;
    for (int i = 0; !code && i < grid->run_count; i++) {
        code = sweep_grid_options(grid, i, run->options, &options);
        if (!code) code = check_class_weights(run, &options);
    }
    return code;
}

/* ---- training ---- */

/* What the features come from, by name, for a checkpoint. */
static json_t *provenance_json(const train_run *run) {
    const extraction *extracted = &run->extraction;
    json_t *classes = json_array();
    for (int c = 0; c < extracted->data.class_count; c++)
        dni_json_append(&classes, json_string(extracted->data.classes[c]));
    json_t *out =
        json_pack("{s:s, s:s, s:s, s:o, s:o}", "backbone", dn_weights_config(extracted->weights)->name,
                  "weights_source", extracted->source.name, "weights_hash", extracted->hash, "classes",
                  classes, "views", recipe_views_json(extracted->views, extracted->view_count));
    char *preprocessing = dni_preprocessing_to_json(&extracted->preprocessing);
    if (run->options->calibration_share > 0.0)
        dni_json_set(&out, "calibration_share", json_real(run->options->calibration_share));
    if (run->origin.classifier) dni_json_set(&out, "from", json_string(run->origin.hash));
    dni_json_set(&out, "preprocessing", preprocessing ? dni_json_of_checked(preprocessing) : NULL);
    free(preprocessing);
    return out;
}

static int on_epoch(void *context, const dn_epoch *epoch) {
    train_run *run = context;
    epoch_log_add(&run->epochs, epoch);
    if (train_print_epoch(run)) run->is_line_lost = true;
    return interrupted();
}

static outcome train_with_checkpoint(train_run *run) {
    dn_train_options training = train_options_training(run->options);
    training.on_epoch = on_epoch;
    training.context = run;
    const dn_feature_rows train = feature_set_rows(&run->sets[DNI_TRAIN]);
    const dn_feature_rows valid = feature_set_rows(&run->sets[DNI_VALID]);
    char *provenance = dni_json_line(provenance_json(run));
    if (!provenance) return report_no_memory();
    run->checkpoint.provenance = provenance;
    const outcome code =
        checkpoint_train(&run->checkpoint, run->head, &train, &valid, &training, &run->result);
    free(provenance);
    return code;
}

static outcome train_head(train_run *run) {
    dn_error error;
    const int features = dn_weights_config(run->extraction.weights)->features;
    if (origin_start(&run->head, run->origin.head, run->options, features, run->extraction.data.class_count,
                     &error))
        return report(&error, OUTCOME_USAGE);
    if (!epoch_log_create(&run->epochs, run->options->training.epochs + 1)) return report_no_memory();
    return train_with_checkpoint(run);
}

/* The head is then the winner's, and so are the options. */
static outcome train_sweep(train_run *run) {
    const dn_feature_rows train = feature_set_rows(&run->sets[DNI_TRAIN]);
    const dn_feature_rows valid = feature_set_rows(&run->sets[DNI_VALID]);
    const extraction *extracted = &run->extraction;
    const sweep_data data = {.train = &train,
                             .valid = &valid,
                             .width = dn_weights_config(extracted->weights)->features,
                             .classes = extracted->data.class_count,
                             .start = run->origin.head};
    sweep_winner winner;
    outcome code = sweep_run(run->sweep, &data, extracted->pool);
    if (!code) code = train_print_sweep(run);
    if (!code) code = sweep_take_winner(run->sweep, &winner);
    if (code) return code;
    run->options = winner.options;
    run->head = winner.head;
    run->epochs = winner.epochs;
    run->result = winner.result;
    return OUTCOME_OK;
}

/* What tells pictures that are unlike these: the features are all at hand. */
static outcome fit_novelty(train_run *run) {
    const dn_feature_rows train = feature_set_rows(&run->sets[DNI_TRAIN]);
    const dn_feature_rows valid = feature_set_rows(&run->sets[DNI_VALID]);
    dn_error error;
    return dn_novelty_fit_from_rows(&run->novelty, &train, &valid, run->sets[DNI_TRAIN].width,
                                    run->extraction.data.class_count, run->options->training.seed, &error)
               ? report(&error, OUTCOME_DATA)
               : OUTCOME_OK;
}

static outcome save(const train_run *run, const dn_conformal *conformal) {
    char *recipe = dni_json_line(recipe_json(run)), *metrics = dni_json_line(recipe_metrics_json(run));
    const extraction *extracted = &run->extraction;
    const dn_classifier_info info = {
        .struct_size = sizeof info,
        .backbone = dn_weights_config(extracted->weights)->name,
        .weights_source = extracted->source.name,
        .weights_hash = extracted->hash,
        .class_count = extracted->data.class_count,
        .classes = (const char *const *)extracted->data.classes,
        .preprocessing = extracted->preprocessing,
        .seed = run->options->training.seed,
        .recipe = recipe,
        .metrics = metrics,
        .conformal = conformal,
        .picture_keys = run->picture_keys,
        .picture_key_count = run->picture_key_count,
        .novelty = run->novelty,
    };
    dn_error error;
    outcome code = recipe && metrics ? OUTCOME_OK : report_no_memory();
    if (!code && dn_classifier_save(run->options->model, run->head, &info, extracted->weights, &error))
        code = report(&error, OUTCOME_MACHINE);
    free(recipe);
    free(metrics);
    return code;
}

static outcome finish_model(train_run *run) {
    dn_conformal *conformal;
    outcome code = calibrate_run(&conformal, run);
    if (!code) code = fit_novelty(run);
    if (!code) code = save(run, conformal);
    dn_conformal_free(conformal);
    if (code) return code;
    checkpoint_discard(&run->checkpoint);
    code = train_print_result(run);
    return !code && run->is_line_lost ? OUTCOME_MACHINE : code;
}

static outcome make_model(train_run *run) {
    outcome code = calibrate_divide(run);
    if (!code) code = origin_measure(&run->origin, &run->sets[DNI_VALID], &run->sets[DNI_TEST]);
    if (!code) code = run->sweep ? train_sweep(run) : train_head(run);
    if (!code)
        code = evaluate_head(&run->test, run->head, &run->sets[DNI_TEST], run->extraction.data.class_count);
    if (code) return code;
    const bool before = interrupts_wait(true);
    code = finish_model(run);
    interrupts_wait(before);
    return code;
}

static outcome cross_validate(train_run *run) {
    const bool before = interrupts_wait(true);
    outcome code = folds_run(run->options, run->extraction.data.class_count, &run->sets[DNI_TRAIN],
                             &run->sets[DNI_VALID], &run->folds);
    if ((!code || code == OUTCOME_INTERRUPTED) && train_print_folds(run)) code = OUTCOME_MACHINE;
    interrupts_wait(before); /* ends the program where a signal has waited */
    return code;
}

static outcome train(train_run *run) {
    const train_options *options = run->options;
    outcome code = options->folds ? OUTCOME_OK : check_output(options->model);
    if (!code && options->report) code = check_output(options->report);
    if (!code && options->sweep) code = sweep_create(&run->sweep, options);
    if (!code) code = extraction_open(&run->extraction, &options->extraction, run->data);
    if (!code) code = check_against_data(run);
    if (!code) code = extraction_run(&run->extraction, &options->extraction, run->sets);
    if (!code) code = count_pictures(run);
    if (!code) code = picture_keys_list(run);
    if (!code) code = options->folds ? cross_validate(run) : make_model(run);
    if (!code && options->report) code = train_report(run);
    return !code ? finish(run->extraction.skipped) : code;
}

/* MODEL.checkpoint, unless one was named. From malloc; NULL after a message. */
static char *checkpoint_path(const train_options *options) {
    static const char ending[] = ".checkpoint";
    const char *begin = options->checkpoint ? options->checkpoint : options->model ? options->model : "";
    const size_t size = strlen(begin) + sizeof ending;
    char *path = malloc(size);
    if (!path) {
        (void)report_no_memory();
        return NULL;
    }
    snprintf(path, size, "%s%s", begin, options->checkpoint ? "" : ending);
    return path;
}

static outcome run(const command *self, int argc, char **argv) {
    train_options options;
    int first;
    outcome code = train_options_parse(&options, self, argc, argv, &first);
    if (code) return code;
    char *path = checkpoint_path(&options);
    if (!path) return OUTCOME_MACHINE;
    train_run context = {
        .options = &options,
        .data = argv[first],
        .checkpoint = {.path = path, .every_epoch = options.checkpoint != NULL, .resume = options.resume}};
    code = origin_open(&context.origin, &options);
    if (!code) code = train(&context);
    origin_free(&context.origin);
    dn_head_free(context.head);
    dn_novelty_free(context.novelty);
    epoch_log_free(&context.epochs);
    fold_table_free(&context.folds);
    for (int s = 0; s < DNI_SPLITS; s++) {
        feature_set_free(&context.sets[s]);
        free(context.counts[s]);
    }
    feature_set_free(&context.calibration);
    own_pictures_free(&context.own_in_test);
    free(context.picture_keys);
    extraction_free(&context.extraction);
    sweep_free(context.sweep);
    free(path);
    return code;
}

const command train_command = {
    .name = "train",
    .arguments = "DATA [-w WEIGHTS] [-o MODEL] [options]",
    .summary = "train a classifier on a folder of pictures",
    .description =
        "DATA holds pictures as DATA/{train,valid,test}/CLASS/FILE. Their features are computed once and kept;\n"
        "then a small network is trained on them. The epoch with the lowest validation loss is taken, and its\n"
        "accuracy on the test split is measured once. The model is also calibrated for the sets of --coverage, on the\n"
        "validation split: on the pictures that chose the epoch unless --calibration-share keeps a part of them for that\n"
        "alone. An interrupted training is continued with --resume.\n"
        "With --from the training goes on from the head of a model that is there already: on more pictures, or with\n"
        "--new-classes for others. Weights, sizes and layers are the model's. Where no epoch is better than the model, its\n"
        "head stays as it is.\n"
        "\n"
        "  ftrain train flowers -o flowers.safetensors\n"
        "  ftrain train flowers -w random:1 --hidden 128 --epochs 10      a trial without a weights file\n"
        "  ftrain train flowers --epochs 100 --schedule cosine --warmup 3 --patience 10\n"
        "  ftrain train flowers --class-weights balanced --augment jpeg:50,blur:1\n"
        "  ftrain train flowers --sweep 'lr=0.001/0.003 dropout=0/0.2 hidden=512,256/256/none'\n"
        "  ftrain train more --from flowers.safetensors -o flowers-2.safetensors\n"
        "  ftrain train flowers --folds 5                                 how far to trust the result\n"
        "  ftrain train flowers --report flowers.html                     a page with all results, too\n\n",
    .options = &train_option_table,
    .min_paths = 1,
    .max_paths = 1,
    .run = run,
};
