/* SPDX-License-Identifier: MIT */
/* Options and results of a training, as JSON. */
#include "ftrain/train/recipe.h"

#include "ftrain/train/calibrate.h"
#include "io/json.h"

#include <string.h>

/* ---- the recipe ---- */

/* The word `index` of "one|other", written to `name`. */
static const char *choice_name(const char *choices, int index, char name[16]) {
    while (index-- > 0) choices += strcspn(choices, "|") + 1;
    const size_t length = strcspn(choices, "|");
    memcpy(name, choices, length);
    name[length] = '\0';
    return name;
}

static json_t *schedule_json(const train_options *o) {
    const dn_schedule *s = &o->training.schedule;
    json_t *out = json_pack("{s:s, s:i}", "kind", choice_name(TRAIN_SCHEDULES, o->schedule, (char[16]){0}),
                            "warmup", s->warmup);
    if (s->kind == DN_STEP || s->kind == DN_PLATEAU) {
        dni_json_set(&out, "epochs", json_integer(s->epochs));
        dni_json_set(&out, "factor", dni_json_float(s->factor));
    }
    if (s->kind == DN_COSINE || s->kind == DN_PLATEAU) dni_json_set(&out, "floor", dni_json_float(s->floor));
    return out;
}

static json_t *class_weights_json(const train_options *o) {
    if (o->training.balanced) return json_string("balanced");
    json_t *weights = json_array();
    for (int i = 0; i < o->class_weight_count; i++)
        dni_json_append(&weights, dni_json_float(o->class_weights[i]));
    return weights;
}

json_t *recipe_views_json(const dni_view *views, int view_count) {
    json_t *names = json_array();
    for (int i = 0; i < view_count; i++) {
        char name[DNI_VIEW_NAME];
        dni_view_name(&views[i], name);
        dni_json_append(&names, json_string(name));
    }
    return names;
}

static void add_optimizer(json_t **recipe, const dn_train_options *t) {
    if (t->optimizer == DN_SGD) {
        dni_json_set(recipe, "momentum", dni_json_float(t->momentum));
        dni_json_set(recipe, "nesterov", json_boolean(t->nesterov));
    } else {
        dni_json_set(recipe, "beta1", dni_json_float(t->beta1));
        dni_json_set(recipe, "beta2", dni_json_float(t->beta2));
        dni_json_set(recipe, "epsilon", json_real((double)t->epsilon));
    }
}

static json_t *options_json(const train_options *o, const dni_view *views, int view_count) {
    const dn_train_options *t = &o->training;
    json_t *hidden = json_array();
    for (int i = 0; i < o->hidden.count; i++) dni_json_append(&hidden, json_integer(o->hidden.values[i]));
    json_t *recipe = json_pack(
        "{s:s, s:o, s:o, s:s, s:i, s:i, s:o, s:o, s:b, s:b}", "name",
        choice_name(TRAIN_RECIPES, o->recipe, (char[16]){0}), "hidden", hidden, "dropout",
        dni_json_float(o->dropout), "optimizer", choice_name(TRAIN_OPTIMIZERS, o->optimizer, (char[16]){0}),
        "epochs", t->epochs, "batch", t->batch, "learning_rate", dni_json_float(t->learning_rate),
        "weight_decay", dni_json_float(t->weight_decay), "standardise", t->standardise, "flip", o->flip);
    add_optimizer(&recipe, t);
    if (t->schedule.kind != DN_CONSTANT || t->schedule.warmup)
        dni_json_set(&recipe, "schedule", schedule_json(o));
    if (t->patience) dni_json_set(&recipe, "patience", json_integer(t->patience));
    if (t->balanced || o->class_weight_count) dni_json_set(&recipe, "class_weights", class_weights_json(o));
    if (t->label_smoothing > 0.0f)
        dni_json_set(&recipe, "label_smoothing", dni_json_float(t->label_smoothing));
    if (o->calibration_share > 0.0)
        dni_json_set(&recipe, "calibration_share", json_real(o->calibration_share));
    if (!o->picture_keys) dni_json_set(&recipe, "picture_keys", json_false());
    if (o->extraction.network.precision != DN_PRECISION_FLOAT32)
        dni_json_set(&recipe, "precision", json_string(precision_name(o->extraction.network.precision)));
    if (o->extraction.augment) dni_json_set(&recipe, "views", recipe_views_json(views, view_count));
    return recipe;
}

json_t *recipe_json(const train_run *run) {
    json_t *recipe = options_json(run->options, run->extraction.views, run->extraction.view_count);
    if (train_stopped_early(run)) dni_json_set(&recipe, "stopped_epoch", json_integer(run->result.epochs));
    if (run->sweep) dni_json_set(&recipe, "sweep", sweep_json(run->sweep));
    if (run->origin.classifier) dni_json_set(&recipe, "from", origin_json(&run->origin));
    if (run->extraction.decisions.is_present)
        dni_json_set(&recipe, "decisions", decisions_json(&run->extraction.decisions));
    return recipe;
}

/* ---- the metrics ---- */

static json_t *before_json(const origin *of) {
    return json_pack("{s:o, s:o, s:i, s:o, s:o}", "valid_loss", dni_json_number(of->valid.loss),
                     "valid_accuracy", dni_json_number(of->valid.accuracy), "test_correct", of->test.correct,
                     "test_accuracy", dni_json_number(of->test.accuracy), "test_loss",
                     dni_json_number(of->test.loss));
}

json_t *recipe_metrics_json(const train_run *run) {
    const dni_versus_largest versus = train_versus_largest(run);
    json_t *out =
        json_pack("{s:i, s:o, s:o, s:o, s:i, s:i, s:o, s:o, s:o, s:o, s:o, s:b, s:{s:i, s:b}}", "best_epoch",
                  run->result.best_epoch, "train_loss", dni_json_number(run->result.train_loss), "valid_loss",
                  dni_json_number(run->result.valid_loss), "valid_accuracy",
                  dni_json_number(run->result.valid_accuracy), "test_count", run->test.count, "test_correct",
                  run->test.correct, "test_accuracy", dni_json_number(run->test.accuracy),
                  "test_accuracy_low", dni_json_number(run->test.accuracy_low), "test_accuracy_high",
                  dni_json_number(run->test.accuracy_high), "test_loss", dni_json_number(run->test.loss),
                  "versus_largest_class", guessing_json(&versus), "nothing_learnt",
                  (int)train_learnt_nothing(run, NULL), "calibration", "count", calibrate_count(run), "apart",
                  (int)calibrate_is_apart(run));
    if (run->origin.is_measured) dni_json_set(&out, "before", before_json(&run->origin));
    return out;
}
