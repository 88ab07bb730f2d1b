/* SPDX-License-Identifier: MIT */
/* The options of `ftrain train`: table and checks. */
#include "ftrain/train/options.h"

#include "ftrain/page/evidence_map.h"
#include "ftrain/shell/message.h"
#include "ftrain/shell/outcome.h"
#include "ftrain/shell/output.h"

#include <stdlib.h>
#include <string.h>

const char TRAIN_SCHEDULES[] = "constant|step|cosine|plateau";
const char TRAIN_OPTIMIZERS[] = "sgd|adam";
const char TRAIN_RECIPES[] = "default|capstone";

/* ---- the table ---- */

static const option_spec rows[] = {
    OPT_TEXT("output", 'o', train_options, model, "MODEL", "the file to write (default model.safetensors)"),
    OPT_TEXT("from", 0, train_options, from, "MODEL",
             "train on from this model's head; weights, sizes and layers are the model's"),
    OPT_FLAG("new-classes", 0, train_options, new_classes,
             "with --from: DATA's classes may be others than the model's"),
    OPT_GROUP(train_options, extraction, extraction_option_table),
    FEATURES_OPTION(train_options, extraction.features.file),
    OPT_CHOICE("recipe", 0, train_options, recipe, TRAIN_RECIPES, "which defaults the options below have"),
    OPT_WIDTHS("hidden", 0, train_options, hidden, "N,N...",
               "widths of the hidden layers, or none (default 512,256)"),
    OPT_FLOAT("dropout", 0, train_options, dropout, 0, 0.99, "P", "after each hidden layer (default 0.2)"),
    OPT_INT("epochs", 0, train_options, training.epochs, 1, 100000, "N", "passes over the training split"),
    OPT_INT("patience", 0, train_options, training.patience, 0, 100000, "N",
            "stop N epochs after the lowest validation loss; 0: run all (default)"),
    OPT_INT("batch", 0, train_options, training.batch, 1, 65536, "N", "pictures in each step"),
    OPT_CHOICE("optimizer", 0, train_options, optimizer, TRAIN_OPTIMIZERS,
               "optimizer (default sgd; with the capstone recipe adam)"),
    OPT_FLOAT("lr", 0, train_options, training.learning_rate, 1e-9, 100, "X", "learning rate"),
    OPT_CHOICE("schedule", 0, train_options, schedule, TRAIN_SCHEDULES,
               "schedule of the learning rate (default constant)"),
    OPT_INT("warmup", 0, train_options, training.schedule.warmup, 0, 99999, "N",
            "epochs in which the learning rate rises first (default 0)"),
    OPT_INT("schedule-epochs", 0, train_options, training.schedule.epochs, 1, 100000, "N",
            "step: lower it every N epochs; plateau: after N without a lower loss (default 5)"),
    OPT_FLOAT("schedule-factor", 0, train_options, training.schedule.factor, 1e-6, 0.999, "X",
              "step, plateau: what it is multiplied by (default 0.5)"),
    OPT_FLOAT("schedule-floor", 0, train_options, training.schedule.floor, 0, 100, "X",
              "cosine, plateau: where it ends (default 0)"),
    OPT_FLOAT("momentum", 0, train_options, training.momentum, 0, 0.9999, "X", "sgd: momentum"),
    OPT_FLAG("nesterov", 0, train_options, nesterov, "sgd with Nesterov's momentum"),
    OPT_FLOAT("weight-decay", 0, train_options, training.weight_decay, 0, 1, "X",
              "weight decay of all parameters"),
    OPT_TEXT("class-weights", 0, train_options, weighting, "BALANCE",
             "none, balanced, or a number for each class in the order of their names: 1,3.5"),
    OPT_FLOAT("label-smoothing", 0, train_options, training.label_smoothing, 0, 0.99, "X",
              "share of each target that goes to all classes (default 0)"),
    OPT_TEXT("augment", 0, train_options, extraction.augment, "VIEWS",
             "train on these views as well: jpeg:75,blur:1,resize:0.5,zoom:1.2,grey"),
    OPT_NO_FLAG("no-flip", 0, train_options, flip, "do not train on mirror images"),
    OPT_SEED("seed", 0, train_options, training.seed,
             "seed of initial weights, order, dropout and views (default 1)"),
    OPT_DOUBLE("calibration-share", 0, train_options, calibration_share, 0, 0.99, "S",
               "keep a share S of valid for the sets of predict --coverage alone (default 0)"),
    OPT_NO_FLAG("no-picture-keys", 0, train_options, picture_keys,
                "do not keep the keys by which evaluate and predict know the model's own pictures"),
    OPT_TEXT("checkpoint", 0, train_options, checkpoint, "FILE",
             "keep the state of training here, after every epoch (default MODEL.checkpoint)"),
    OPT_FLAG("resume", 0, train_options, resume, "go on from the checkpoint, if there is one"),
    OPT_TEXT("sweep", 0, train_options, sweep, "GRID",
             "try all combinations and keep the best: 'lr=0.001/0.003 hidden=512,256/none'"),
    OPT_INT("folds", 0, train_options, folds, 3, 100, "K",
            "cross-validate on the training and validation pictures; no model is written"),
    OPT_TEXT("report", 0, train_options, report, "FILE.html",
             "write a page with curves, results and recipe, too (HTML)"),
    MAPS_OPTION(train_options, max_maps),
    JSON_LINES_OPTION(train_options, json),
};

const option_table train_option_table = OPTION_TABLE(rows);

/* ---- checks ---- */

/* In place of what --from takes from the model: none was given. */
enum { NOT_GIVEN = -1 };

static void apply_recipe(train_options *o) {
    const dn_head_options head = dn_head_options_default();
    o->hidden.count = head.hidden_count;
    for (int i = 0; i < head.hidden_count; i++) o->hidden.values[i] = head.hidden[i];
    o->dropout = head.dropout;
    o->training = o->recipe ? dn_train_options_adam() : dn_train_options_default();
    o->optimizer = (int)o->training.optimizer;
    o->schedule = (int)o->training.schedule.kind;
    o->flip = o->training.flip != 0;
    o->nesterov = o->training.nesterov != 0;
    if (!o->from) return;
    o->hidden.count = NOT_GIVEN;
    o->dropout = NOT_GIVEN;
    o->extraction.resize = o->extraction.crop = NOT_GIVEN;
}

static bool parse_class_weights(train_options *o) {
    o->class_weight_count = 0;
    o->training.balanced = strcmp(o->weighting, "balanced") == 0;
    if (o->training.balanced || strcmp(o->weighting, "none") == 0) return true;
    for (const char *text = o->weighting;; text++) {
        char *end;
        const double weight = strtod(text, &end);
        const bool is_number = end != text && (*end == ',' || !*end) && weight >= 1e-6 && weight <= 1e6;
        if (is_number && o->class_weight_count == MAX_CLASS_WEIGHTS) {
            message("--class-weights: a list of more than %d weights", MAX_CLASS_WEIGHTS);
            return false;
        }
        if (!is_number) {
            message("--class-weights: '%s' is not none, balanced, or a list of numbers from 1e-06 to 1e+06",
                    o->weighting);
            return false;
        }
        o->class_weights[o->class_weight_count++] = (float)weight;
        text = end;
        if (!*text) return true;
    }
}

/* Between options; each alone was checked when it was parsed. */
static outcome check(train_options *o) {
    o->training.optimizer = (dn_optimizer)o->optimizer;
    o->training.schedule.kind = (dn_schedule_kind)o->schedule;
    if (!parse_class_weights(o)) return OUTCOME_USAGE;
    const dn_train_options *t = &o->training;
    if (t->schedule.warmup >= t->epochs) {
        message("--warmup: %d is not below --epochs, %d", t->schedule.warmup, t->epochs);
        return OUTCOME_USAGE;
    }
    if (t->optimizer == DN_SGD && o->nesterov && t->momentum == 0.0f) {
        message("--nesterov: Nesterov's momentum needs a --momentum above 0");
        return OUTCOME_USAGE;
    }
    if (t->schedule.kind >= DN_COSINE && t->schedule.floor > t->learning_rate) {
        message("--schedule-floor: %g is above --lr, %g", (double)t->schedule.floor,
                (double)t->learning_rate);
        return OUTCOME_USAGE;
    }
    if (o->sweep && (o->checkpoint || o->resume)) {
        message("--sweep runs anew each time: --checkpoint and --resume do not go with it");
        return OUTCOME_USAGE;
    }
    if (o->folds && (o->model || o->sweep || o->checkpoint || o->resume)) {
        message("--folds writes no model: -o, --sweep, --checkpoint and --resume do not go with it");
        return OUTCOME_USAGE;
    }
    if (o->folds && o->calibration_share > 0.0) {
        message("--folds writes no model: --calibration-share does not go with it");
        return OUTCOME_USAGE;
    }
    o->training.nesterov = o->nesterov;
    o->extraction.flip = o->flip;
    o->extraction.augment_valid = o->folds > 0;
    o->extraction.fingerprints = o->picture_keys && !o->folds;
    o->training.flip = o->flip || o->extraction.augment;
    return OUTCOME_OK;
}

static outcome check_from(const train_options *o) {
    const extraction_options *e = &o->extraction;
    if (!o->from && o->new_classes) {
        message("--new-classes goes with --from alone: a new model has DATA's classes anyway");
        return OUTCOME_USAGE;
    }
    if (!o->from) return OUTCOME_OK;
    const char *const given = o->hidden.count != NOT_GIVEN ? "hidden"
                              : e->arch                    ? "arch"
                              : e->resize != NOT_GIVEN     ? "resize"
                              : e->crop != NOT_GIVEN       ? "crop"
                              : e->exif_rotate             ? "exif-rotate"
                                                           : NULL;
    if (given) {
        message("--%s: is the model's with --from, and cannot be changed", given);
        return OUTCOME_USAGE;
    }
    if (o->folds) {
        message(
            "--folds judges pictures by heads that have not seen them, which a model's head may have: it does "
            "not go with --from");
        return OUTCOME_USAGE;
    }
    if (!o->model) {
        message("--from needs -o, the file of the new model: '%s' is not replaced unasked", o->from);
        return OUTCOME_USAGE;
    }
    return OUTCOME_OK;
}

/* No file takes another's place, but for the model that the training goes on from. */
static outcome check_files(const train_options *o) {
    const extraction_options *e = &o->extraction;
    const named_file outputs[] = {
        {"-o", o->folds ? NULL : o->model}, {"--checkpoint", o->checkpoint}, {"--report", o->report}};
    const named_file inputs[] = {
        {"-w", e->weights}, {"--features", e->features.file}, {"--decisions", e->decisions.file}};
    const named_file from = {"--from", o->from};
    const outcome code = check_outputs_apart(outputs, 3, inputs, 3);
    return !code ? check_outputs_apart(outputs + 1, 2, &from, 1) : code;
}

outcome train_options_parse(train_options *o, const command *self, int argc, char **argv, int *first) {
    *o = (train_options){.extraction = extraction_options_default(),
                         .weighting = "none",
                         .picture_keys = true,
                         .max_maps = DEFAULT_MAPS};
    /* Twice: the recipe's name is needed before the options that override what it sets. */
    for (int pass = 0; pass < 2; pass++) {
        const outcome code = parse_options(self, o, argc, argv, first);
        if (code) return code;
        if (pass == 0) apply_recipe(o);
        /* getopt moves paths behind the options: the second pass reads the same */
    }
    outcome code = check_from(o);
    if (!code) code = check(o);
    if (!o->model && !o->folds) o->model = "model.safetensors";
    return !code ? check_files(o) : code;
}

outcome train_options_set(train_options *o, const char *name, const char *value) {
    return option_set(&train_option_table, o, name, value) ? check(o) : OUTCOME_USAGE;
}

dn_head_options train_options_head(const train_options *o) {
    return (dn_head_options){.struct_size = sizeof(dn_head_options),
                             .hidden = o->hidden.values,
                             .hidden_count = o->hidden.count,
                             .dropout = o->dropout,
                             .seed = o->training.seed};
}

dn_train_options train_options_training(const train_options *o) {
    dn_train_options training = o->training;
    training.class_weights = o->class_weight_count ? o->class_weights : NULL;
    return training;
}

static bool schedules_alike(const dn_schedule *a, const dn_schedule *b) {
    return a->kind == b->kind && a->warmup == b->warmup;
}

static bool heads_alike(const train_options *a, const train_options *b) {
    const size_t size = (size_t)a->hidden.count * sizeof *a->hidden.values;
    return a->hidden.count == b->hidden.count && memcmp(a->hidden.values, b->hidden.values, size) == 0 &&
           (!a->hidden.count || a->dropout == b->dropout);
}

static bool weights_alike(const train_options *a, const train_options *b) {
    const size_t size = (size_t)a->class_weight_count * sizeof *a->class_weights;
    return !a->training.balanced == !b->training.balanced && a->class_weight_count == b->class_weight_count &&
           memcmp(a->class_weights, b->class_weights, size) == 0;
}

bool train_options_train_alike(const train_options *a, const train_options *b) {
    const dn_train_options *x = &a->training, *y = &b->training;
    return heads_alike(a, b) && weights_alike(a, b) && schedules_alike(&x->schedule, &y->schedule) &&
           x->optimizer == y->optimizer && x->epochs == y->epochs && x->batch == y->batch &&
           x->learning_rate == y->learning_rate && x->weight_decay == y->weight_decay &&
           x->label_smoothing == y->label_smoothing &&
           (x->optimizer == DN_ADAM || x->momentum == y->momentum);
}
