/* The options of `ftrain train`: table and checks. */
#include "ftrain/train/options.h"

#include "ftrain/shell/message.h"
#include "ftrain/shell/outcome.h"

#include <stdlib.h>
#include <string.h>

const char TRAIN_SCHEDULES[] = "constant|step|cosine|plateau";
const char TRAIN_OPTIMIZERS[] = "sgd|adam";
const char TRAIN_RECIPES[] = "default|capstone";

/* ---- the table ---- */

enum { MAX_SPECS = 48 };

static size_t fill_specs(train_options *o, option_spec specs[MAX_SPECS]) {
    const option_spec all[] = {
        {"output", 'o', OPTION_TEXT, &o->model, 0, 0, "MODEL",
         "the file to write (default model.safetensors)"},
        EXTRACTION_OPTIONS(o->extraction),
        {"features", 0, OPTION_TEXT, &o->extraction.features.file, 0, 0, "FEATURES",
         "a file of 'ftrain extract' instead of the cache"},
        {"recipe", 0, OPTION_CHOICE, &o->recipe, 0, 0, TRAIN_RECIPES, "what the options below begin with"},
        {"hidden", 0, OPTION_WIDTHS, &o->hidden, 0, 0, "N,N...",
         "widths of the hidden layers, or none (default 512,256)"},
        {"dropout", 0, OPTION_FLOAT, &o->dropout, 0, 0.99, "P", "after each hidden layer (default 0.2)"},
        {"epochs", 0, OPTION_INT, &o->training.epochs, 1, 100000, "N", "passes over the training split"},
        {"patience", 0, OPTION_INT, &o->training.patience, 0, 100000, "N",
         "stop N epochs after the lowest validation loss; 0: run all (default)"},
        {"batch", 0, OPTION_INT, &o->training.batch, 1, 65536, "N", "pictures a step"},
        {"optimizer", 0, OPTION_CHOICE, &o->optimizer, 0, 0, TRAIN_OPTIMIZERS, "default sgd; capstone adam"},
        {"lr", 0, OPTION_FLOAT, &o->training.learning_rate, 1e-9, 100, "X", "learning rate"},
        {"schedule", 0, OPTION_CHOICE, &o->schedule, 0, 0, TRAIN_SCHEDULES,
         "of the learning rate (default constant)"},
        {"warmup", 0, OPTION_INT, &o->training.schedule.warmup, 0, 99999, "N",
         "epochs in which the learning rate rises first (default 0)"},
        {"schedule-epochs", 0, OPTION_INT, &o->training.schedule.epochs, 1, 100000, "N",
         "step: lower it every N epochs; plateau: after N without a lower loss (default 5)"},
        {"schedule-factor", 0, OPTION_FLOAT, &o->training.schedule.factor, 1e-6, 0.999, "X",
         "step, plateau: what it is multiplied by (default 0.5)"},
        {"schedule-floor", 0, OPTION_FLOAT, &o->training.schedule.floor, 0, 100, "X",
         "cosine, plateau: where it ends (default 0)"},
        {"momentum", 0, OPTION_FLOAT, &o->training.momentum, 0, 0.9999, "X", "of sgd"},
        {"nesterov", 0, OPTION_FLAG, &o->nesterov, 0, 0, NULL, "sgd with Nesterov's momentum"},
        {"weight-decay", 0, OPTION_FLOAT, &o->training.weight_decay, 0, 1, "X", "of all parameters"},
        {"class-weights", 0, OPTION_TEXT, &o->weighting, 0, 0, "LIST",
         "none, balanced, or a number for each class in the order of their names: 1,3.5"},
        {"label-smoothing", 0, OPTION_FLOAT, &o->training.label_smoothing, 0, 0.99, "X",
         "share of each target that goes to all classes (default 0)"},
        {"augment", 0, OPTION_TEXT, &o->extraction.augment, 0, 0, "LIST",
         "train on these views as well: jpeg:75,blur:1,resize:0.5,zoom:1.2,grey"},
        {"no-flip", 0, OPTION_NO_FLAG, &o->flip, 0, 0, NULL, "not on mirror images"},
        {"seed", 0, OPTION_SEED, &o->training.seed, 0, 0, "N",
         "of initial weights, order, dropout and views (default 1)"},
        {"checkpoint", 0, OPTION_TEXT, &o->checkpoint, 0, 0, "FILE",
         "keep the state of training here, after every epoch (default MODEL.checkpoint)"},
        {"resume", 0, OPTION_FLAG, &o->resume, 0, 0, NULL, "go on from the checkpoint, if there is one"},
        {"sweep", 0, OPTION_TEXT, &o->sweep, 0, 0, "LIST",
         "try all combinations and keep the best: 'lr=0.001/0.003 hidden=512,256/none'"},
        {"folds", 0, OPTION_INT, &o->folds, 3, 100, "K",
         "cross-validate on the training and validation pictures; no model is written"},
        {"report", 0, OPTION_TEXT, &o->report, 0, 0, "FILE",
         "write a page with curves, results and recipe, too (HTML)"},
        {"json", 0, OPTION_FLAG, &o->json, 0, 0, NULL, "results as JSON, an object a line"},
    };
    _Static_assert(sizeof all / sizeof *all <= MAX_SPECS, "MAX_SPECS");
    memcpy(specs, all, sizeof all);
    return sizeof all / sizeof *all;
}

/* ---- checks ---- */

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
}

static bool parse_class_weights(train_options *o) {
    o->class_weight_count = 0;
    o->training.balanced = strcmp(o->weighting, "balanced") == 0;
    if (o->training.balanced || strcmp(o->weighting, "none") == 0) return true;
    for (const char *text = o->weighting;; text++) {
        char *end;
        const double weight = strtod(text, &end);
        const bool is_number = end != text && (*end == ',' || !*end) && weight >= 1e-6 && weight <= 1e6;
        if (!is_number || o->class_weight_count == MAX_CLASS_WEIGHTS) {
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
    o->training.nesterov = o->nesterov;
    o->extraction.flip = o->flip;
    o->extraction.augment_valid = o->folds > 0;
    o->training.flip = o->flip || o->extraction.augment;
    return OUTCOME_OK;
}

/* The page must not take another output's place. */
static outcome check_report(const train_options *o) {
    const char *const others[] = {o->model, o->checkpoint};
    for (int i = 0; i < 2; i++)
        if (o->report && others[i] && strcmp(o->report, others[i]) == 0) {
            message("--report: '%s' is the %s's file, too", o->report, i ? "checkpoint" : "model");
            return OUTCOME_USAGE;
        }
    return OUTCOME_OK;
}

outcome train_options_parse(train_options *o, const command *self, int argc, char **argv, int *first) {
    *o = (train_options){.extraction = extraction_options_default(), .weighting = "none"};
    option_spec specs[MAX_SPECS];
    const size_t count = fill_specs(o, specs);
    /* Twice: the recipe's name is needed before the options that override what it sets. */
    for (int pass = 0; pass < 2; pass++) {
        const outcome code = parse_options(self, specs, count, argc, argv, 1, 1, first);
        if (code) return code;
        if (pass == 0) apply_recipe(o);
        /* getopt moves paths behind the options: the second pass reads the same */
    }
    const outcome code = check(o);
    if (!o->model && !o->folds) o->model = "model.safetensors";
    return !code ? check_report(o) : code;
}

outcome train_options_set(train_options *o, const char *name, const char *value) {
    option_spec specs[MAX_SPECS];
    const size_t count = fill_specs(o, specs);
    return option_set(specs, count, name, value) ? check(o) : OUTCOME_USAGE;
}

dn_head_options train_options_head(const train_options *o) {
    return (dn_head_options){.hidden = o->hidden.values,
                             .hidden_count = o->hidden.count,
                             .dropout = o->dropout,
                             .seed = o->training.seed};
}

dn_train_options train_options_training(const train_options *o) {
    dn_train_options training = o->training;
    training.class_weights = o->class_weight_count ? o->class_weights : NULL;
    return training;
}
