/* ftrain train: features, head, a line an epoch, the test once, the model file. */
#include "ftrain/commands.h"
#include "ftrain/extraction.h"
#include "ftrain/program.h"
#include "head/head.h"
#include "io/file.h"
#include "io/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct train_command_options {
    extraction_options extraction;
    const char *model, *recipe, *optimizer;
    widths hidden;
    float dropout;
    dn_train_options training;
    bool flip, nesterov, json;
} train_command_options;

typedef struct train_run {
    const train_command_options *options;
    extraction extraction;
    feature_set sets[DNI_SPLITS];
    dn_head *head;
    dn_train_result result;
    dn_metrics test;
} train_run;

/* ---- options ---- */

static int apply_recipe(train_command_options *options) {
    const dn_head_options head = dn_head_options_default();
    options->hidden.count = head.hidden_count;
    for (int i = 0; i < head.hidden_count; i++) options->hidden.values[i] = head.hidden[i];
    options->dropout = head.dropout;
    if (strcmp(options->recipe, "default") == 0) {
        options->training = dn_train_options_default();
    } else if (strcmp(options->recipe, "capstone") == 0) {
        options->training = dn_train_options_capstone();
    } else {
        message("--recipe: '%s' is not default or capstone", options->recipe);
        return EXIT_USAGE;
    }
    options->optimizer = options->training.optimizer == DN_ADAM ? "adam" : "sgd";
    options->flip = options->training.flip != 0;
    options->nesterov = options->training.nesterov != 0;
    return CONTINUE;
}

/* Twice: the recipe's name is needed before the options that override what it sets. */
static int parse(const command *self, int argc, char **argv, train_command_options *o, int *first) {
    const option_spec specs[] = {
        {"output", 'o', OPTION_TEXT, &o->model, 0, 0, "MODEL",
         "the file to write (default model.safetensors)"},
        EXTRACTION_OPTIONS(o->extraction),
        {"features", 0, OPTION_TEXT, &o->extraction.features, 0, 0, "FEATURES",
         "a file of 'ftrain extract' instead of the cache"},
        {"recipe", 0, OPTION_TEXT, &o->recipe, 0, 0, "NAME",
         "default or capstone: what the options below begin with"},
        {"hidden", 0, OPTION_WIDTHS, &o->hidden, 0, 0, "N,N...",
         "widths of the hidden layers, or none (default 512,256)"},
        {"dropout", 0, OPTION_FLOAT, &o->dropout, 0, 0.99, "P", "after each hidden layer (default 0.2)"},
        {"epochs", 0, OPTION_INT, &o->training.epochs, 1, 100000, "N", "passes over the training split"},
        {"batch", 0, OPTION_INT, &o->training.batch, 1, 65536, "N", "pictures a step"},
        {"optimizer", 0, OPTION_TEXT, &o->optimizer, 0, 0, "NAME", "sgd or adam"},
        {"lr", 0, OPTION_FLOAT, &o->training.learning_rate, 1e-9, 100, "X", "learning rate"},
        {"momentum", 0, OPTION_FLOAT, &o->training.momentum, 0, 0.9999, "X", "of sgd"},
        {"nesterov", 0, OPTION_FLAG, &o->nesterov, 0, 0, NULL, "sgd with Nesterov's momentum"},
        {"weight-decay", 0, OPTION_FLOAT, &o->training.weight_decay, 0, 1, "X", "of all parameters"},
        {"no-flip", 0, OPTION_NO_FLAG, &o->flip, 0, 0, NULL,
         "train on the plain pictures alone, not their mirror images"},
        {"seed", 0, OPTION_SEED, &o->training.seed, 0, 0, "N",
         "of initial weights, order, dropout and flips (default 1)"},
        {"json", 0, OPTION_FLAG, &o->json, 0, 0, NULL, "results as JSON, an object a line"},
    };
    const size_t count = sizeof specs / sizeof *specs;
    for (int pass = 0; pass < 2; pass++) {
        int code = parse_options(self, specs, count, argc, argv, 1, 1, first);
        if (code == CONTINUE && pass == 0) code = apply_recipe(o);
        if (code != CONTINUE) return code;
        /* getopt moves paths behind the options: the second pass reads the same */
    }
    if (strcmp(o->optimizer, "sgd") != 0 && strcmp(o->optimizer, "adam") != 0) {
        message("--optimizer: '%s' is not sgd or adam", o->optimizer);
        return EXIT_USAGE;
    }
    o->training.optimizer = strcmp(o->optimizer, "adam") == 0 ? DN_ADAM : DN_SGD;
    o->training.flip = o->extraction.flip = o->flip;
    o->training.nesterov = o->nesterov;
    return CONTINUE;
}

/* ---- results ---- */

static json_t *recipe_json(const train_command_options *options) {
    const dn_train_options *t = &options->training;
    json_t *hidden = json_array();
    for (int i = 0; i < options->hidden.count; i++)
        json_array_append_new(hidden, json_integer(options->hidden.values[i]));
    json_t *recipe = json_pack(
        "{s:s, s:o, s:o, s:s, s:i, s:i, s:o, s:o, s:b, s:b}", "name", options->recipe, "hidden", hidden,
        "dropout", dni_json_float(options->dropout), "optimizer", options->optimizer, "epochs", t->epochs,
        "batch", t->batch, "learning_rate", dni_json_float(t->learning_rate), "weight_decay",
        dni_json_float(t->weight_decay), "standardise", t->standardise, "flip", t->flip);
    if (t->optimizer == DN_SGD) {
        json_object_set_new(recipe, "momentum", dni_json_float(t->momentum));
        json_object_set_new(recipe, "nesterov", json_boolean(t->nesterov));
    } else {
        json_object_set_new(recipe, "beta1", dni_json_float(t->beta1));
        json_object_set_new(recipe, "beta2", dni_json_float(t->beta2));
        json_object_set_new(recipe, "epsilon", json_real((double)t->epsilon));
    }
    return recipe;
}

static json_t *metrics_json(const train_run *run) {
    return json_pack("{s:i, s:f, s:f, s:f, s:i, s:i, s:f, s:f, s:f, s:f}", "best_epoch",
                     run->result.best_epoch, "train_loss", run->result.train_loss, "valid_loss",
                     run->result.valid_loss, "valid_accuracy", run->result.valid_accuracy, "test_count",
                     run->test.count, "test_correct", run->test.correct, "test_accuracy", run->test.accuracy,
                     "test_accuracy_low", run->test.accuracy_low, "test_accuracy_high",
                     run->test.accuracy_high, "test_loss", run->test.loss);
}

static int on_epoch(void *context, const dn_epoch *epoch) {
    const train_run *run = context;
    if (run->options->json) {
        print_json(json_pack("{s:i, s:f, s:f, s:f, s:b}", "epoch", epoch->epoch, "train_loss",
                             epoch->train_loss, "valid_loss", epoch->valid_loss, "valid_accuracy",
                             epoch->valid_accuracy, "best", epoch->is_best));
    } else {
        if (epoch->epoch == 1) puts("epoch  train loss  valid loss  valid accuracy");
        printf("%5d  %10.4f  %10.4f  %14.4f%s\n", epoch->epoch, epoch->train_loss, epoch->valid_loss,
               epoch->valid_accuracy, epoch->is_best ? "  best" : "");
        fflush(stdout);
    }
    return interrupted();
}

static void print_result(const train_run *run) {
    const dn_metrics *test = &run->test;
    if (run->options->json) {
        json_t *result = metrics_json(run);
        json_object_set_new(result, "model", dni_json_text(run->options->model));
        print_json(result);
        return;
    }
    printf("best epoch %d: validation loss %.4f, accuracy %.4f\n", run->result.best_epoch,
           run->result.valid_loss, run->result.valid_accuracy);
    printf("test accuracy %.4f (%d of %d; 95 %% interval %.4f to %.4f), loss %.4f\n", test->accuracy,
           test->correct, test->count, test->accuracy_low, test->accuracy_high, test->loss);
    printf("wrote %s\n", run->options->model);
}

/* ---- the work ---- */

/* Skipped pictures may have left a split or a class of the training split without any. */
static int check_sets(const train_run *run) {
    const dni_dataset *data = &run->extraction.data;
    for (int s = 0; s < DNI_SPLITS; s++) {
        for (int c = 0; c < data->class_count; c++) {
            int found = 0;
            for (int i = 0; !found && i < run->sets[s].count; i++) found = run->sets[s].labels[i] == c;
            if (found) continue;
            message("%s/%s: no picture that can be used is left", dni_split_name((dni_split)s),
                    data->classes[c]);
            return EXIT_DATA;
        }
    }
    for (int c = 0; c < data->class_count; c++) {
        json_t *name = json_string(data->classes[c]);
        if (!name) {
            message("class '%s': the folder's name is not UTF-8 text, which model files need",
                    data->classes[c]);
            return EXIT_DATA;
        }
        json_decref(name);
    }
    return CONTINUE;
}

static int train_head(train_run *run) {
    const train_command_options *options = run->options;
    const dn_head_options head_options = {.hidden = options->hidden.values,
                                          .hidden_count = options->hidden.count,
                                          .dropout = options->dropout,
                                          .seed = options->training.seed};
    dn_error error;
    const int features = dn_weights_config(run->extraction.weights)->features;
    if (dn_head_create(&run->head, features, run->extraction.data.class_count, &head_options, &error))
        return report(&error, EXIT_USAGE);
    dn_train_options training = options->training;
    training.on_epoch = on_epoch;
    training.context = run;
    const dn_features train = feature_set_view(&run->sets[DNI_TRAIN]);
    const dn_features valid = feature_set_view(&run->sets[DNI_VALID]);
    const dn_status status = dn_head_train(run->head, &train, &valid, &training, &run->result, &error);
    if (status == DN_ERR_CANCELLED) {
        message("interrupted: the features are kept, the head is not");
        return EXIT_INTERRUPTED;
    }
    return status ? report(&error, EXIT_DATA) : CONTINUE;
}

static int test_head(train_run *run) {
    const feature_set *set = &run->sets[DNI_TEST];
    const int classes = run->extraction.data.class_count;
    float *log_probabilities = malloc((size_t)set->count * (size_t)classes * sizeof *log_probabilities);
    int code = log_probabilities ? CONTINUE : report_no_memory();
    dn_error error;
    if (code == CONTINUE &&
        dn_head_log_probabilities(run->head, set->values, set->count, log_probabilities, &error))
        code = report(&error, EXIT_DATA);
    if (code == CONTINUE)
        dn_metrics_compute(&run->test, log_probabilities, set->labels, set->count, classes, NULL);
    free(log_probabilities);
    return code;
}

static int save(const train_run *run) {
    char *recipe = dni_json_line(recipe_json(run->options)), *metrics = dni_json_line(metrics_json(run));
    const extraction *work = &run->extraction;
    const dn_classifier_info info = {
        .backbone = dn_weights_config(work->weights)->name,
        .weights_source = work->source.name,
        .weights_hash = work->hash,
        .class_count = work->data.class_count,
        .classes = (const char *const *)work->data.classes,
        .preprocessing = work->preprocessing,
        .seed = run->options->training.seed,
        .recipe = recipe,
        .metrics = metrics,
    };
    dn_error error;
    int code = recipe && metrics ? CONTINUE : report_no_memory();
    if (code == CONTINUE && dn_classifier_save(run->options->model, run->head, &info, work->weights, &error))
        code = report(&error, EXIT_MACHINE);
    free(recipe);
    free(metrics);
    return code;
}

/* Found out before the work, not after it. */
static int check_output(const char *path) {
    dni_file_writer *writer;
    dn_error error;
    if (dni_file_writer_open(&writer, path, &error)) return report(&error, EXIT_MACHINE);
    dni_file_writer_abandon(writer);
    return CONTINUE;
}

static int train(train_run *run, const char *data) {
    int code = check_output(run->options->model);
    if (code == CONTINUE) code = extraction_run(&run->extraction, &run->options->extraction, data, run->sets);
    if (code == CONTINUE) code = check_sets(run);
    if (code == CONTINUE) code = train_head(run);
    if (code == CONTINUE) code = test_head(run);
    if (code == CONTINUE) code = save(run);
    if (code != CONTINUE) return code;
    print_result(run);
    return run->extraction.skipped ? EXIT_SKIPPED : EXIT_DONE;
}

static int run(const command *self, int argc, char **argv) {
    train_command_options options = {
        .extraction = extraction_options_default(), .model = "model.safetensors", .recipe = "default"};
    int first;
    int code = parse(self, argc, argv, &options, &first);
    if (code != CONTINUE) return code;
    train_run work = {.options = &options};
    code = train(&work, argv[first]);
    dn_head_free(work.head);
    for (int s = 0; s < DNI_SPLITS; s++) feature_set_free(&work.sets[s]);
    extraction_free(&work.extraction);
    return code;
}

const command train_command = {
    .name = "train",
    .arguments = "DATA [-w WEIGHTS] [-o MODEL] [options]",
    .summary = "train a classifier on a folder of pictures",
    .description =
        "DATA holds pictures as DATA/{train,valid,test}/CLASS/FILE. Their features are computed once and "
        "kept; then\n"
        "a small network is trained on them, the epoch with the lowest validation loss is taken, and its "
        "accuracy\n"
        "on the test split is told once.\n\n"
        "  ftrain train flowers -o flowers.safetensors\n"
        "  ftrain train flowers -w random:1 --hidden 128 --epochs 10      a trial without a weights file\n\n",
    .run = run,
};
